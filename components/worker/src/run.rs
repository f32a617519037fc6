//! One run of all jobs.

use std::time::{Duration, Instant};

use domain::notification::NotificationKey;
use guest::provider::SpinHttp;
use guest::{Problem, clock, log, provider, stores, variables};
use sale::{Job, Mail, MailApi, Post, Sink, TickReport, WorkerContext};

/// After this long no new job is begun: the next run is due, and a run must end within the deadline
/// of a request.
const BUDGET: Duration = Duration::from_millis(2_000);

/// One call of Redis in a job. Nobody waits for it, and the next run is a second away.
const JOB_REDIS_DEADLINE: Duration = Duration::from_millis(1_000);

/// Runs all jobs once and logs what failed.
pub(crate) async fn jobs() -> Result<TickReport, Problem> {
    let begun = Instant::now();
    let mut stores = stores::open().await?;
    stores.redis_deadline = JOB_REDIS_DEADLINE;
    let livemode = variables::livemode().await?;
    let provider = provider::provider().await?;
    let random = || uuid::Uuid::new_v4().as_u64_pair().0;
    let sink = sink().await?;
    let post = post().await;
    let mail = match &post {
        Ok(Some(post)) => Mail::Through(post),
        Ok(None) => Mail::None,
        Err(cause) => {
            // Money must not wait for it.
            log::failed_job("send_letters", "variables", cause);
            Mail::Broken
        }
    };
    let context = WorkerContext {
        provider: &provider,
        livemode,
        sink: sink.as_ref(),
        mail,
        random,
        now: clock::now,
    };
    let report = sale::tick(&stores, &context, || begun.elapsed() < BUDGET).await;
    for failed in &report.failed {
        log::failed_job(failed.job.as_str(), &failed.subject, &failed.cause);
    }
    if report.has_failed(Job::EventsToServe) {
        return Err(Problem::unavailable("the active events cannot be listed"));
    }
    Ok(report)
}

/// Who is told of bookings: nobody, unless an address and a secret are set.
async fn sink() -> Result<Option<Sink<SpinHttp>>, Problem> {
    let url = variables::text("notification_url").await?;
    if url.is_empty() {
        return Ok(None);
    }
    match NotificationKey::parse(&variables::text("notification_secret").await?) {
        Ok(key) => Ok(Some(Sink { transport: SpinHttp, url, key })),
        Err(error) => {
            // Money must not wait for it.
            log::failed_job("notify", "variable notification_secret", &error.to_string());
            Ok(None)
        }
    }
}

/// The way of letters to buyers: none, unless an address of a mail API is set. What is wrong with
/// it otherwise.
async fn post() -> Result<Option<Post<SpinHttp>>, String> {
    let text = async |name| variables::text(name).await.map_err(|problem| problem.to_string());
    let base = text("mail_api_base").await?;
    if base.is_empty() {
        return Ok(None);
    }
    let (key, from) = (text("mail_api_key").await?, text("mail_from").await?);
    let format = text("mail_api_format").await?;
    let api = MailApi::new(&base, &key, &from, &format).map_err(|error| error.to_string())?;
    let public_url = text("public_url").await?.trim_end_matches('/').to_owned();
    if public_url.is_empty() {
        return Err("public_url is not set: letters have links".to_owned());
    }
    let keys = variables::signing_keys().await.map_err(|problem| problem.to_string())?;
    Ok(Some(Post { transport: SpinHttp, api, public_url, keys }))
}
