"""Groups of what moves alike."""

import joblib
import numpy as np
import pandas as pd
import sklearn.cluster

USES = "scikit-learn joblib pandas"


def groups(returns: np.ndarray, count: int) -> pd.Series:
    """A number of a group for each column."""
    with joblib.parallel_config(backend="threading"):
        model = sklearn.cluster.KMeans(count, n_init=1, random_state=0).fit(returns.T)
    return pd.Series(model.labels_)
