"""Pictures to numbers to words."""

import cv2
import imageio.v3 as iio
import numpy as np
from PIL import Image

import nlp
from common.service import Service
from nlp import weights, words

service = Service(
    "ai-processor",
    nlp.USES,
    "imageio opencv-python-headless pillow",
    needs=("models/embeddings.bin", "models/vision.bin"),
)
TOKENIZER = words.tokenizer()


@service.app.get("/edges")
def edges() -> dict:
    chart = np.zeros((64, 64), dtype=np.uint8)
    cv2.line(chart, (0, 63), (63, 0), 255)
    written = iio.imwrite("<bytes>", np.asarray(Image.fromarray(cv2.Canny(chart, 50, 150))), extension=".png")
    return {"bytes": len(written), "providers": weights.PROVIDERS, "ids": TOKENIZER("rises")["input_ids"]}
