"""How good a ranking is, with intervals, and what simple rules reach on the same impressions."""
