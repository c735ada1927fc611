"""Models for text and for prices together."""

import learning
import nlp
from common.service import Service
from indicators import series
from learning import trees
from nlp import weights, words

service = Service(
    "ai",
    learning.USES,
    nlp.USES,
    needs=("models/embeddings.bin", "models/sentiment.bin", "models/strategy.bin"),
)
TOKENIZER = words.tokenizer()


@service.app.get("/answer")
def answer(text: str = "price rises buy") -> dict:
    ids = TOKENIZER(text)["input_ids"]
    vector = weights.embedding("models/embeddings.bin", ids[0])
    prices = series.walk(50)
    return {"ids": ids, "norm": float((vector**2).sum()), "trees": len(trees.fitted(prices).estimators_)}
