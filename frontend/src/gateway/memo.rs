//! Answers that stay as they are for a whole build. Planning, looking and emitting ask about the same paths at different
//! times; the engine is asked once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Answers by what was asked, the same for all clones.
#[derive(Debug)]
pub(super) struct Memo<K, V>(Arc<Mutex<BTreeMap<K, V>>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, V> Clone for Memo<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Ord, V: Clone> Memo<K, V> {
    /// What was answered before, else what `ask` brings; a refusal is not kept. Who asks while the first answer is under
    /// way asks again.
    pub(super) async fn get<E>(&self, key: K, ask: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let answer = ask.await?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, answer.clone());
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_answered_is_not_asked_again_and_a_refusal_is() {
        let memo: Memo<&str, u8> = Memo::default();
        assert_eq!(memo.get("a", async { Err("no") }).await, Err("no"));
        assert_eq!(memo.clone().get("a", async { Ok::<_, ()>(1) }).await, Ok(1));
        assert_eq!(memo.get("a", async { Ok::<_, ()>(2) }).await, Ok(1));
        assert_eq!(memo.get("b", async { Ok::<_, ()>(3) }).await, Ok(3));
    }
}
