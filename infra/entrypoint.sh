#!/bin/sh
# The entry of the container: `serve` runs the application, anything else is run as it is. Both
# see the secrets that `xtask secrets` has made, if there are any.
set -eu

secrets=/secrets
if [ -r "$secrets/variables" ]; then
    # SPIN_VARIABLE_… for the application.
    . "$secrets/variables"
    # The same for clients such as rush.
    export ORGANISER_KEY="$SPIN_VARIABLE_ORGANISER_KEY"
    export WORKER_KEY="$SPIN_VARIABLE_WORKER_KEY"
    export STRIPE_WEBHOOK_SECRET="$SPIN_VARIABLE_STRIPE_WEBHOOK_SECRET"
fi

if [ "${1:-}" = serve ]; then
    exec host --manifest spin.toml --listen 0.0.0.0:3000
fi
exec "$@"
