"""Risk of a portfolio, and who goes down together."""

import networkx as nx
import numpy as np
import statsmodels.api as sm

import learning
from common.service import Service
from indicators import series
from learning import trees
from risk_models import groups, limits, loss

service = Service("risk", learning.USES, groups.USES, loss.USES, "networkx statsmodels")
LIMITS, TREES = limits.allowed, trees.fitted


@service.app.get("/risk")
def risk() -> dict:
    returns = np.column_stack([np.diff(series.walk(100, seed)) for seed in range(4)])
    alike = groups.groups(returns, 2)
    graph = nx.Graph((a, b) for a in range(4) for b in range(a) if alike[a] == alike[b])
    beta = sm.OLS(returns[:, 0], returns[:, 1:]).fit().params
    return {"loss": loss.normal(returns[:, 0]), "edges": graph.number_of_edges(), "beta": beta.tolist()}
