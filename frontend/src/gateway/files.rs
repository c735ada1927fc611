//! Reading what was solved. An answer that something is not there is no error.

use buildkit_proto::gateway as gw;
use buildkit_proto::stat::Stat;
use tonic::{Code, Status};

use super::client::rpc_status;
use super::{Client, Ref};

/// The most of a file that is asked for at once: engines embedded in older Docker send 4 MiB at most.
const READ_CHUNK: usize = 3 << 20;

impl Client {
    /// Reads a whole file in ranges; `None` if it is not there.
    pub async fn read_file(&self, reference: &Ref, path: &str) -> Result<Option<Vec<u8>>, Status> {
        let mut data = Vec::new();
        loop {
            let range = gw::FileRange { offset: count(data.len()), length: count(READ_CHUNK) };
            let request = gw::ReadFileRequest {
                r#ref: reference.0.clone(),
                file_path: path.to_owned(),
                range: Some(range),
            };
            let chunk = match self.bridge.clone().read_file(request).await {
                Ok(response) => response.into_inner().data,
                Err(status) if is_missing(&status) => return Ok(None),
                Err(status) => return Err(status),
            };
            let complete = chunk.len() < READ_CHUNK;
            if data.is_empty() {
                data = chunk;
            } else {
                data.extend_from_slice(&chunk);
            }
            if complete {
                return Ok(Some(data));
            }
        }
    }

    /// The first bytes of a file, `length` at most.
    pub async fn read_head(&self, reference: &Ref, path: &str, length: u32) -> Result<Vec<u8>, Status> {
        let range = gw::FileRange { offset: 0, length: i64::from(length) };
        let request = gw::ReadFileRequest {
            r#ref: reference.0.clone(),
            file_path: path.to_owned(),
            range: Some(range),
        };
        Ok(self.bridge.clone().read_file(request).await?.into_inner().data)
    }

    /// The entries of a directory that match `pattern` (all if empty); `None` if it is not there.
    pub async fn read_dir(
        &self,
        reference: &Ref,
        path: &str,
        pattern: &str,
    ) -> Result<Option<Vec<Stat>>, Status> {
        let request = gw::ReadDirRequest {
            r#ref: reference.0.clone(),
            dir_path: path.to_owned(),
            include_pattern: pattern.to_owned(),
        };
        let ask = Box::pin(async {
            let response = self.bridge.clone().read_dir(request).await;
            there(response.map(|response| response.into_inner().entries))
        });
        self.entries.get((reference.clone(), path.to_owned(), pattern.to_owned()), ask).await
    }

    /// What is at `path`; `None` if nothing is.
    pub async fn stat_file(&self, reference: &Ref, path: &str) -> Result<Option<Stat>, Status> {
        let request = gw::StatFileRequest { r#ref: reference.0.clone(), path: path.to_owned() };
        let ask = Box::pin(async {
            let response = self.bridge.clone().stat_file(request).await;
            there(response.map(|response| response.into_inner().stat)).map(Option::flatten)
        });
        self.stats.get((reference.clone(), path.to_owned()), ask).await
    }
}

/// `None` for what is not there.
fn there<T>(answer: Result<T, Status>) -> Result<Option<T>, Status> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(status) if is_missing(&status) => Ok(None),
        Err(status) => Err(status),
    }
}

/// The engine reports a missing file by the text of Go's error, in most versions without a code. What is to be read is built
/// for that first: the words of a step that fails are its own.
fn is_missing(status: &Status) -> bool {
    let words = ["no such file or directory", "not a directory"];
    let missing = status.code() == Code::NotFound || words.iter().any(|word| status.message().contains(word));
    missing && !rpc_status(status).details.iter().any(|detail| detail.type_url.contains("errdefs.Vertex"))
}

fn count(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use buildkit_proto::{Any, rpc};
    use prost::Message as _;

    use super::*;

    #[test]
    fn words_of_a_step_are_no_missing_file() {
        let status = |details: &[&str]| {
            let message = "lstat /a: no such file or directory".to_owned();
            let details = details.iter().map(|kind| Any {
                type_url: format!("github.com/moby/buildkit/errdefs.{kind}+json"),
                value: b"{}".to_vec(),
            });
            let status = rpc::Status { code: 2, message: message.clone(), details: details.collect() };
            Status::with_details(Code::Unknown, message, status.encode_to_vec().into())
        };
        assert!(is_missing(&status(&[])) && is_missing(&status(&["Solve"])));
        assert!(!is_missing(&status(&["Solve", "Vertex"])));
        assert!(is_missing(&Status::not_found("x")) && !is_missing(&Status::unknown("x")));
    }
}
