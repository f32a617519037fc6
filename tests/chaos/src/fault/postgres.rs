//! Postgres stops, forgets its clients, refuses writes.

use anyhow::Result;
use fastrand::Rng;

use crate::fault::Ground;
use crate::inspect::ledger::execute;

/// How long Postgres is away.
const AWAY_MS: u64 = 1_500;
/// How long it takes no writes.
const READ_ONLY_MS: u64 = 3_000;

impl Ground {
    pub(crate) fn postgres_stop(&self) -> Result<String> {
        self.rig.system.postgres.stop_at_once()?;
        self.rest(AWAY_MS);
        self.rig.system.postgres.restart()?;
        Ok(format!("at once, away for {AWAY_MS} ms and its recovery"))
    }

    pub(crate) fn terminate_backends(&self, random: &mut Rng) -> Result<String> {
        const TIMES: u32 = 12;
        for _ in 0..TIMES {
            // Half of the sessions of the application each time.
            self.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
                 AND random() < 0.5",
            )?;
            self.rest(random.u64(100..300));
        }
        Ok(format!("{TIMES} times half of all sessions"))
    }

    pub(crate) fn read_only(&self) -> Result<String> {
        self.execute("ALTER SYSTEM SET default_transaction_read_only = on")?;
        self.execute("SELECT pg_reload_conf()")?;
        self.rest(READ_ONLY_MS);
        self.execute("ALTER SYSTEM RESET default_transaction_read_only")?;
        self.execute("SELECT pg_reload_conf()")?;
        Ok(format!("for {READ_ONLY_MS} ms"))
    }

    fn execute(&self, statement: &str) -> Result<()> {
        self.runtime.block_on(execute(self.rig.database_url(), statement))
    }
}
