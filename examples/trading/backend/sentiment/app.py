"""News, and whether they are good."""

import bs4
import feedparser
import lxml.etree
import nltk.stem
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

import nlp
from common.service import Service
from nlp import weights, words

service = Service(
    "sentiment",
    nlp.USES,
    "beautifulsoup4 feedparser lxml nltk vadersentiment",
    needs=("models/embeddings.bin", "models/sentiment.bin"),
)
TOKENIZER, STEMMER, ANALYZER = words.tokenizer(), nltk.stem.PorterStemmer(), SentimentIntensityAnalyzer()


@service.app.get("/mood")
def mood(page: str = "<p>Prices are great</p>") -> dict:
    text = bs4.BeautifulSoup(page, "lxml").get_text()
    stems = [STEMMER.stem(word) for word in text.split()]
    return {"stems": stems, "score": ANALYZER.polarity_scores(text)["compound"], "xml": lxml.etree.LXML_VERSION}


@service.app.get("/feed")
def feed(xml: str = "<rss><channel><title>News</title></channel></rss>") -> dict:
    title = feedparser.parse(xml).feed.title
    return {"title": title, "packed": len(weights.packed("scores", [1.0])), "ids": TOKENIZER(title)["input_ids"]}
