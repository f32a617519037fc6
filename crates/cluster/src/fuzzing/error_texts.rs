//! Error texts.

use crate::NodeAddress;
use crate::remedy::Remedy;
use crate::reply_error::ServerError;

/// A redirect that is read names a slot and a port, and reads the same in both wordings. A text
/// that begins with a server's code means what the code says, whatever words follow; and what a
/// server refused is not sent again.
pub fn error_texts(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let error = ServerError::parse(text);
    if let ServerError::Moved(redirect) | ServerError::Ask(redirect) = &error {
        assert_ne!(redirect.port, 0);
        let NodeAddress { host, port } =
            NodeAddress { host: redirect.host.clone(), port: redirect.port };
        let moved = matches!(error, ServerError::Moved(_));
        let (plain, reworded) = if moved { ("MOVED", "Moved:") } else { ("ASK", "Ask:") };
        let slot = redirect.slot.number();
        for again in [
            format!("{plain} {slot} {host}:{port}"),
            format!("An error was signalled by the server - {reworded} {slot} {host}:{port}"),
        ] {
            assert_eq!(ServerError::parse(&again), error, "{text:?}");
        }
    }
    if error == ServerError::Refused {
        let given_up = matches!(Remedy::of(&error, text), Remedy::GiveUp(_));
        assert!(given_up, "{text:?}");
    }
    for refused in ["WRONGTYPE ", "SOLD_OUT: "] {
        let text = format!("{refused}{text}");
        assert_eq!(ServerError::parse(&text), ServerError::Refused, "{text:?}");
    }
}
