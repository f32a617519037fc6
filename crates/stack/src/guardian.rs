//! Sees to it that no server outlives the program that started it.
//!
//! A test run can end without running destructors: statics are never dropped, and a test binary
//! can be killed. So one small shell process watches a pipe from this program. When the pipe
//! closes, whatever the reason, it ends the servers that are still registered and removes the
//! folders that were only for this run. (Linux could do this with a parent-death signal, but that
//! one follows the thread that started the child, and the threads of a test run end early.)

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::process::Signal;

/// Reads one order a line until the pipe closes. Ctrl-C reaches it too and must not end it.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
servers=
folders=
while read -r order value; do
    case $order in
        watch) servers="$servers $value" ;;
        forget)
            rest=
            for server in $servers; do
                process=${server%:*}
                [ "${process#-}" = "$value" ] || rest="$rest $server"
            done
            servers=$rest
            ;;
        folder) folders="$folders$value
" ;;
    esac
done
for server in $servers; do
    kill -s CONT -- "${server%:*}"
    kill -s "${server#*:}" -- "${server%:*}"
done 2>/dev/null
if [ -n "$folders" ]; then
    [ -z "$servers" ] || sleep 1
    printf '%s' "$folders" | while read -r folder; do rm -rf -- "$folder"; done
fi
"#;

/// Has the process, or its whole group, ended with `signal` when this program ends.
pub(crate) fn watch(pid: u32, signal: Signal, group: bool) {
    let name = if signal == Signal::QUIT { "QUIT" } else { "KILL" };
    let sign = if group { "-" } else { "" };
    order(&format!("watch {sign}{pid}:{name}\n"));
}

/// The process has ended or been handed over: its id may soon belong to another.
pub(crate) fn forget(pid: u32) {
    order(&format!("forget {pid}\n"));
}

/// Has the folder removed when this program ends.
pub(crate) fn remove_at_end(folder: &Path) {
    order(&format!("folder {}\n", folder.display()));
}

fn order(line: &str) {
    static PIPE: OnceLock<Option<Mutex<ChildStdin>>> = OnceLock::new();
    // Without a guardian (no `sh`?) servers still stop when their handles are dropped.
    let Some(pipe) = PIPE.get_or_init(start) else { return };
    let mut pipe = pipe.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = pipe.write_all(line.as_bytes());
}

fn start() -> Option<Mutex<ChildStdin>> {
    let mut child = Command::new("sh")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .ok()?;
    child.stdin.take().map(Mutex::new)
}
