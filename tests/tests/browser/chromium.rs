//! Chromium, driven through the W3C WebDriver protocol.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tests::{BoxOffice, eventually};

/// How the protocol names a reference to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The protocol's name of the key.
pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";
pub(crate) const SPACE: &str = " ";

/// The driver answers when a page is there; one that never is has failed.
const DRIVER_TIMEOUT: Duration = Duration::from_secs(60);

/// How long something may take to be there and to be pressed, and how often a test tries.
const PRESS_TIMEOUT: Duration = Duration::from_secs(20);
const PRESS_PAUSE: Duration = Duration::from_millis(100);

/// What a person has before them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Device {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) language: &'static str,
    pub(crate) has_script: bool,
    pub(crate) is_dark: bool,
}

/// A phone held upright.
pub(crate) const PHONE: Device =
    Device { width: 390, height: 844, language: "en", has_script: true, is_dark: false };

/// A screen on a desk.
pub(crate) const DESK: Device =
    Device { width: 1280, height: 900, language: "en", has_script: true, is_dark: false };

/// Runs the program until standard input ends, which it does with whoever holds its other side.
const UNTIL_INPUT_ENDS: &str = "\"$0\" \"$@\" & cat > /dev/null; kill $!";

/// The driver that the tests of a run share. It ends with this program.
struct Driver {
    address: String,
    _process: Child,
}

fn driver() -> &'static Driver {
    static DRIVER: OnceLock<Driver> = OnceLock::new();
    DRIVER.get_or_init(|| {
        let program = program(&["chromedriver"]);
        let port = stack::free_port().expect("a free port");
        let mut command = Command::new("sh");
        command.args(["-c", UNTIL_INPUT_ENDS]).arg(program).arg(format!("--port={port}"));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("chromedriver starts");
        Driver { address: format!("http://127.0.0.1:{port}"), _process: process }
    })
}

fn program(names: &[&str]) -> PathBuf {
    let found = names.iter().find_map(|name| stack::find_program(name, std::iter::empty()));
    found.unwrap_or_else(|| panic!("{} is missing: `cargo xtask test` installs it", names[0]))
}

/// A window of a browser that knows nobody.
pub(crate) struct Window {
    http: reqwest::Client,
    session: String,
    base_url: &'static str,
}

impl Window {
    /// Opens a window on the box office.
    pub(crate) async fn open(office: &BoxOffice, device: Device) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(DRIVER_TIMEOUT);
        let http = http.build().expect("an HTTP client");
        let driver = driver();
        eventually("chromedriver listens", async || {
            http.get(format!("{}/status", driver.address)).send().await.ok()
        })
        .await;
        let answer = http.post(format!("{}/session", driver.address));
        let answer = answer.json(&capabilities(device)).send().await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        let id = answer["value"]["sessionId"].as_str();
        let id = id.unwrap_or_else(|| panic!("no window: {answer}"));
        let session = format!("{}/session/{id}", driver.address);
        let window = Self { http, session, base_url: office.base_url() };
        window.resize(device).await;
        window
    }

    async fn resize(&self, device: Device) {
        let metrics = json!({ "width": device.width, "height": device.height,
            "deviceScaleFactor": 1, "mobile": false });
        self.chromium("Emulation.setDeviceMetricsOverride", metrics).await;
        let scheme = if device.is_dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.chromium("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Closes it. A window of a test that fails is closed with the driver.
    pub(crate) async fn close(self) {
        self.http.delete(&self.session).send().await.expect("the driver answers");
    }

    /// A command of Chromium's own protocol.
    async fn chromium(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.command(Method::POST, "goog/cdp/execute", &body).await
    }

    async fn try_command(&self, method: Method, path: &str, body: &Value) -> Result<Value, Value> {
        let request = self.http.request(method.clone(), format!("{}/{path}", self.session));
        let request = if method == Method::POST { request.json(body) } else { request };
        let answer = request.send().await.expect("the driver answers");
        let is_done = answer.status().is_success();
        let mut answer: Value = answer.json().await.expect("JSON");
        let value = answer["value"].take();
        if is_done { Ok(value) } else { Err(value) }
    }

    async fn command(&self, method: Method, path: &str, body: &Value) -> Value {
        let done = self.try_command(method, path, body).await;
        done.unwrap_or_else(|error| panic!("{path} {body}: {}", error["message"]))
    }

    /// Opens a page of ours, by its path.
    pub(crate) async fn visit(&self, path: &str) {
        let url = format!("{}{path}", self.base_url);
        self.command(Method::POST, "url", &json!({ "url": url })).await;
    }

    /// Goes back as a person does.
    pub(crate) async fn back(&self) {
        self.command(Method::POST, "back", &json!({})).await;
    }

    pub(crate) async fn reload(&self) {
        self.command(Method::POST, "refresh", &json!({})).await;
    }

    /// The address of the page.
    pub(crate) async fn address(&self) -> String {
        let url = self.command(Method::GET, "url", &Value::Null).await;
        url.as_str().expect("an address").to_owned()
    }

    async fn find(&self, css: &str) -> Option<String> {
        let query = json!({ "using": "css selector", "value": css });
        let found = self.try_command(Method::POST, "element", &query).await.ok()?;
        Some(found[ELEMENT].as_str()?.to_owned())
    }

    async fn element(&self, css: &str) -> String {
        eventually(css, async || self.find(css).await).await
    }

    /// Whether the page has it now.
    pub(crate) async fn has(&self, css: &str) -> bool {
        self.find(css).await.is_some()
    }

    /// Waits until the page has it.
    pub(crate) async fn wait_for(&self, css: &str) {
        self.element(css).await;
    }

    /// Waits until the text of the page has this.
    pub(crate) async fn wait_for_text(&self, text: &str) {
        let what = format!("{text:?} on the page");
        eventually(&what, async || {
            let shown = self.text("body").await?;
            shown.contains(text).then_some(())
        })
        .await;
    }

    /// What is shown of an element, if it is there.
    pub(crate) async fn text(&self, css: &str) -> Option<String> {
        let element = self.find(css).await?;
        let path = format!("element/{element}/text");
        let text = self.try_command(Method::GET, &path, &Value::Null).await.ok()?;
        Some(text.as_str()?.to_owned())
    }

    /// A property of an element, such as `checked`.
    pub(crate) async fn property(&self, css: &str, name: &str) -> Value {
        let element = self.element(css).await;
        self.command(Method::GET, &format!("element/{element}/property/{name}"), &Value::Null).await
    }

    /// Presses it. The page may scroll to it first, as a person would.
    pub(crate) async fn click(&self, css: &str) {
        let why_not = RefCell::new(String::from("it is not there"));
        let press = async || {
            let element = self.find(css).await?;
            let path = format!("element/{element}/click");
            let pressed = self.try_command(Method::POST, &path, &json!({})).await;
            pressed.inspect_err(|error| *why_not.borrow_mut() = error["message"].to_string()).ok()
        };
        let begun = Instant::now();
        while press().await.is_none() {
            let is_late = begun.elapsed() > PRESS_TIMEOUT;
            assert!(!is_late, "{css} cannot be pressed: {}", why_not.borrow());
            if why_not.borrow().contains("click intercepted") {
                self.scroll().await;
            }
            tokio::time::sleep(PRESS_PAUSE).await;
        }
    }

    /// Turns the wheel a little, as a person does when something is in the way.
    async fn scroll(&self) {
        let turn = json!({ "type": "scroll", "origin": "viewport", "duration": 0,
            "x": 100, "y": 300, "deltaX": 0, "deltaY": 120 });
        let wheel = json!({ "type": "wheel", "id": "wheel", "actions": [turn] });
        self.command(Method::POST, "actions", &json!({ "actions": [wheel] })).await;
    }

    /// Types into it.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let element = self.element(css).await;
        let path = format!("element/{element}/value");
        self.command(Method::POST, &path, &json!({ "text": text })).await;
    }

    /// Presses keys, wherever the focus is.
    pub(crate) async fn press(&self, keys: &[&str]) {
        let strokes: Vec<_> = keys
            .iter()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })))
            .collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.command(Method::POST, "actions", &json!({ "actions": [keyboard] })).await;
    }

    /// Presses the tabulator until the focus is on what the selector names.
    pub(crate) async fn tab_to(&self, css: &str) {
        /// More than any of our pages has to stop at.
        const STOPS_MAX: usize = 80;
        for _ in 0..STOPS_MAX {
            self.press(&[TAB]).await;
            let is_there = "return document.activeElement.matches(arguments[0])";
            if self.run(is_there, &[css]).await == true {
                return;
            }
        }
        panic!("the keyboard does not reach {css}");
    }

    /// Runs a script in the page and returns what it returns.
    pub(crate) async fn run(&self, script: &str, arguments: &[&str]) -> Value {
        let body = json!({ "script": script, "args": arguments });
        self.command(Method::POST, "execute/sync", &body).await
    }

    /// What the console has been told since it was asked last, but for what a test expects: the
    /// browser notes each status of 400 and above there.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.command(Method::POST, "se/log", &json!({ "type": "browser" })).await;
        let entries = log.as_array().expect("a log").iter();
        entries.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The addresses that the browser has asked for since it was asked last.
    pub(crate) async fn requests(&self) -> Vec<String> {
        let log = self.command(Method::POST, "se/log", &json!({ "type": "performance" })).await;
        let entries = log.as_array().expect("a log").iter();
        let messages = entries.filter_map(|entry| {
            let message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &message["message"];
            let is_request = message["method"] == "Network.requestWillBeSent";
            let url = message["params"]["request"]["url"].as_str()?;
            is_request.then(|| url.to_owned())
        });
        messages.collect()
    }

    /// Violations of WCAG 2.2 AA, and of what its authors call best practice.
    pub(crate) async fn violations(&self) -> Vec<String> {
        let axe = axe();
        let script = format!(
            "{axe}\nconst done = arguments[arguments.length - 1];
            const values = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
            axe.run({{ runOnly: {{ type: 'tag', values }} }}).then((found) => done({{
                passes: found.passes.length,
                violations: found.violations.map((it) => `${{it.id}}: ${{it.help}}: `
                    + it.nodes.map((node) => node.html).join(' ').slice(0, 400)),
            }}));"
        );
        let body = json!({ "script": script, "args": [] });
        let found = self.command(Method::POST, "execute/async", &body).await;
        assert!(found["passes"].as_u64() > Some(0), "nothing was looked at: {found}");
        let violations = found["violations"].as_array().expect("a list");
        violations.iter().map(|it| it.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// A picture of what is in the window, as WebP.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        let form = json!({ "format": "webp", "quality": 60 });
        let picture = self.chromium("Page.captureScreenshot", form).await;
        let picture = picture["data"].as_str().expect("a picture").as_bytes();
        data_encoding::BASE64.decode(picture).expect("base64")
    }
}

fn capabilities(device: Device) -> Value {
    let mut arguments = vec![
        "--headless=new".to_owned(),
        // The browser ends with the driver.
        "--remote-debugging-pipe".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--no-proxy-server".to_owned(),
        // A sandbox needs rights that containers do not give. Only our own pages are opened.
        "--no-sandbox".to_owned(),
    ];
    arguments.push(format!("--lang={}", device.language));
    // 2 blocks.
    let script = if device.has_script { 1 } else { 2 };
    let preferences = json!({
        "intl.accept_languages": device.language,
        "profile.managed_default_content_settings.javascript": script,
    });
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        "goog:chromeOptions": {
            "binary": program(&["chromium", "chromium-browser", "google-chrome"]),
            "args": arguments,
            "prefs": preferences,
        },
    } } })
}

/// The rules of accessibility as a script. `cargo xtask test` fetches it and says where it is.
fn axe() -> &'static str {
    static AXE: OnceLock<String> = OnceLock::new();
    AXE.get_or_init(|| {
        let path = std::env::var("BOXOFFICE_TEST_AXE").expect(
            "BOXOFFICE_TEST_AXE names no file: run `cargo xtask test --test browser`, which gets it",
        );
        std::fs::read_to_string(Path::new(&path)).expect("axe-core is there")
    })
}
