//! `rush login`.

use clap::Args;

use super::Server;

/// Options of `rush login`.
#[derive(Args)]
pub(crate) struct LoginArguments {
    #[command(flatten)]
    server: Server,
}

/// Becomes a guest. The text is made for `eval "$(rush login)"`.
pub(crate) async fn run(arguments: LoginArguments) -> anyhow::Result<()> {
    let guest = arguments.server.client()?.login().await?;
    let text = format!(
        "export BUYER_TOKEN={}\n# user {}, until {}",
        guest.token, guest.user_id, guest.expires_at
    );
    arguments.server.print(&guest, text)
}
