//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

/// Runs a Spin application without the Spin CLI.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Options {
    /// The application.
    #[arg(short = 'f', long, default_value = "spin.toml")]
    pub manifest: PathBuf,
    /// Address of the HTTP trigger; port 0 takes a free one and prints it on standard output.
    #[arg(long, default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,
    /// File with SPIN_VARIABLE_<NAME>=value lines [default: .env beside the manifest, if there].
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// Value of an application variable; may be repeated.
    #[arg(long = "variable", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub variables: Vec<(String, String)>,
    /// Leaves out what components print.
    #[arg(short, long)]
    pub quiet: bool,
    /// Logs as JSON, one object a line.
    #[arg(long)]
    pub log_json: bool,
    /// Keeps compiled components there, so that the next start is fast.
    #[arg(long, value_name = "FOLDER")]
    pub cache_folder: Option<PathBuf>,

    /// Requests an instance serves before it is replaced.
    #[arg(long, default_value_t = 128, value_name = "N")]
    pub max_instance_reuse_count: usize,
    /// Requests an instance serves at once.
    #[arg(long, default_value_t = 16, value_name = "N")]
    pub max_instance_concurrent_reuse_count: usize,
    /// How long an instance without work is kept.
    #[arg(long, default_value = "1s", value_parser = duration, value_name = "DURATION")]
    pub idle_instance_timeout: Duration,
    /// Longest wait for the head of a response [default: no bound].
    #[arg(long, value_parser = duration, value_name = "DURATION")]
    pub request_timeout: Option<Duration>,
    /// Largest memory of an instance in bytes [default: no bound].
    #[arg(long, value_name = "BYTES")]
    pub max_instance_memory: Option<usize>,
    /// Instances alive at once.
    #[arg(long, default_value_t = 1000, value_name = "N")]
    pub max_instances: u32,

    /// Requests served at once.
    #[arg(long, default_value_t = 2048, value_name = "N")]
    pub max_concurrent_requests: usize,
    /// How long a request beyond that waits before it is refused with 503.
    #[arg(long, default_value = "1s", value_parser = duration, value_name = "DURATION")]
    pub max_request_wait: Duration,
    /// How long the body of a request may take. Its request waits for it without a turn.
    #[arg(long, default_value = "5s", value_parser = duration, value_name = "DURATION")]
    pub max_body_wait: Duration,
    /// Until the first request of a connection must be there.
    #[arg(long, default_value = "10s", value_parser = duration, value_name = "DURATION")]
    pub first_request_timeout: Duration,
    /// How long a connection may be silent after that, between requests or with an answer that the
    /// client does not read.
    #[arg(long, default_value = "60s", value_parser = duration, value_name = "DURATION")]
    pub idle_connection_timeout: Duration,
    /// Connections open at once. Each fan who follows a stream has one, at some 40 kB; the files
    /// that the process may open bound them as well.
    #[arg(long, default_value_t = 50_000, value_name = "N")]
    pub max_connections: usize,
    /// How long requests under way may take after SIGTERM or SIGINT.
    #[arg(long, default_value = "10s", value_parser = duration, value_name = "DURATION")]
    pub drain_timeout: Duration,
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// `250ms`, `10s`, `2m`
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| "expected a number and a unit".to_owned())?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number * 60)),
        _ => Err("the unit is ms, s or m".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert!(duration("5").is_err());
        assert!(duration("s").is_err());
    }

    #[test]
    fn the_defaults_are_those_of_spin() {
        let options = Options::parse_from(["host"]);
        assert_eq!(options.max_instance_reuse_count, 128);
        assert_eq!(options.max_instance_concurrent_reuse_count, 16);
        assert_eq!(options.idle_instance_timeout, Duration::from_secs(1));
        assert_eq!(options.request_timeout, None);
    }
}
