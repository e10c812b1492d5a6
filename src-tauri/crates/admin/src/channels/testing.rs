//! Trying a channel, and asking it what it serves: saved, or before it is.

use std::sync::Arc;

use config::Channel;
use gateway::{Fix, Missed, Step, TestReport};

use crate::channels::draft::{Draft, Saved};
use crate::channels::save::new_id;
use crate::channels::unknown_channel;
use crate::{
    ChannelForm, ChannelName, Fault, FaultCode, FetchedModels, Happening, Nothing, Sluice, TestQuestion,
};

/// Tries a channel step by step: proxy, TLS, authentication, model, first token. Each step is told as it ends.
pub async fn test_channel(sluice: &Arc<Sluice>, question: TestQuestion) -> Result<TestReport, Fault> {
    let asked = Asked::of(sluice, question)?;
    let name = asked.channel.name.to_string();
    let happenings = sluice.happenings.clone();
    let mut on_step = move |step: &Step| {
        happenings.tell(Happening::TestStep { channel: name.clone(), step: step.clone() });
    };
    let report = sluice.gateway.test(Arc::clone(&asked.channel), &mut on_step).await;
    if let Some(id) = asked.saved_as {
        if report.ok {
            // Whatever was benched may be tried by the next request at once.
            sluice.gateway.probe_now(&id);
        }
        sluice.tests.note_channel(id, report.clone());
    }
    Ok(report)
}

/// Asks the upstream of a channel for the models that it serves.
pub async fn fetch_models(sluice: &Arc<Sluice>, question: TestQuestion) -> Result<FetchedModels, Fault> {
    let asked = Asked::of(sluice, question)?;
    let models = sluice.gateway.fetch_models(asked.channel).await.map_err(|missed| fault_of(&missed))?;
    Ok(FetchedModels { models })
}

/// Lets the next request try a benched channel at once.
pub async fn probe_channel(sluice: &Arc<Sluice>, channel: ChannelName) -> Result<Nothing, Fault> {
    let snapshot = sluice.snapshot();
    let known = snapshot.channel_named(&channel.name);
    let known = known.ok_or_else(|| unknown_channel(&snapshot, &channel.name))?;
    sluice.gateway.probe_now(&known.id);
    Ok(Nothing {})
}

/// The channel that a question is about.
struct Asked {
    channel: Arc<Channel>,
    /// Its id, where the configuration has it as it was asked for.
    saved_as: Option<String>,
}

impl Asked {
    fn of(sluice: &Sluice, question: TestQuestion) -> Result<Asked, Fault> {
        match (question.name, question.form) {
            (Some(name), None) => {
                let snapshot = sluice.snapshot();
                let channel = snapshot.channel_named(&name).or_else(|| snapshot.channel(&name));
                let channel = Arc::clone(channel.ok_or_else(|| unknown_channel(&snapshot, &name))?);
                Ok(Asked { saved_as: Some(channel.id.to_string()), channel })
            }
            (None, Some(form)) => Ok(Asked { channel: draft(sluice, &form)?.channel, saved_as: None }),
            (Some(_), Some(_)) | (None, None) => {
                Err(Fault::invalid("give either the name of a channel or a form").at("name"))
            }
        }
    }
}

/// The form as a channel. One that names a saved channel by its id may leave out that one's secrets.
fn draft(sluice: &Sluice, form: &ChannelForm) -> Result<Draft, Fault> {
    let saved = form.id.as_deref().and_then(|id| saved_by_id(sluice, id));
    let id = form.id.clone().unwrap_or_else(new_id);
    Draft::of(sluice, form, saved.as_ref(), &id)
}

fn saved_by_id(sluice: &Sluice, id: &str) -> Option<Saved> {
    let name = sluice.snapshot().channel(id)?.name.to_string();
    sluice.saved_channel(&name).ok()
}

fn fault_of(missed: &Missed) -> Fault {
    let code = match missed.fix {
        Fix::CheckHostAndPort
        | Fix::CheckFirewall
        | Fix::CheckProxyHost
        | Fix::CheckBaseUrl
        | Fix::CheckProxy
        | Fix::CheckCertificate
        | Fix::RaiseTimeout => FaultCode::Unreachable,
        Fix::GiveAType
        | Fix::SetTheKey
        | Fix::PasteTheKeyAgain
        | Fix::NameTheModels
        | Fix::TryLater
        | Fix::Wait
        | Fix::TopUp
        | Fix::CheckKey
        | Fix::AskForModel
        | Fix::CheckModel
        | Fix::CheckType
        | Fix::OtherRegion
        | Fix::CheckRequest
        | Fix::Filtered
        | Fix::WrongApi
        | Fix::RunAgain => FaultCode::Failed,
    };
    Fault::new(code, missed.words.clone()).hinting(missed.fix.words())
}
