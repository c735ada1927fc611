//! What an answer of a registry means for the user.

use super::Reference;
use crate::http::Answer;
use crate::problem::Problem;

/// An answer, and the host that gave it, if that is not the registry.
pub(super) struct Followed {
    pub(super) answer: Answer,
    pub(super) elsewhere: Option<String>,
}

/// An answer with what was asked for.
pub(super) fn good(reference: &Reference, of: &str, found: Followed) -> Result<Answer, Problem> {
    let (status, domain) = (found.answer.status(), &reference.domain);
    if status.is_success() {
        return Ok(found.answer);
    }
    if let Some(host) = found.elsewhere {
        let text = format!("the registry {domain} leads to {host}, which answered {status}");
        return Err(match status.as_u16() {
            429 | 500.. => Problem::try_again(text),
            _ => {
                Problem::mistake(format!("{text}, expected what is stored there: ask who runs the registry"))
            }
        });
    }
    Err(match status.as_u16() {
        404 if of != format!("manifests/{}", reference.target) => {
            Problem::mistake(format!("the registry {domain} has the image and not its {of}: push it again"))
        }
        404 => Problem::mistake(format!(
            "there is no such image in the registry {domain}; one of this machine's engine is written docker://{reference}"
        )),
        401 | 403 => Problem::mistake(format!(
            "the registry {domain} does not let you read it, or does not have it: docker login {domain}"
        )),
        429 => Problem::try_again(format!("the registry {domain} was asked too often: {status}")),
        500.. => Problem::try_again(format!("the registry {domain} answered {status}")),
        400 if reference.plain => Problem::mistake(format!(
            "the registry {domain} answered {status} without TLS; one that has TLS is written https://{reference}"
        )),
        _ => Problem::mistake(format!("the registry {domain} answered {status}")),
    })
}
