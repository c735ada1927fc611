"""Text to numbers."""

import tokenizers
import transformers
from tokenizers import models, pre_tokenizers

WORDS = ("[UNK]", "buy", "sell", "hold", "price", "falls", "rises")


def tokenizer() -> transformers.PreTrainedTokenizerFast:
    made = tokenizers.Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, unk_token="[UNK]")
