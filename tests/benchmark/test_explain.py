from recattn.benchmark.explain import benchmark_explain, untrained


def test_explanations_equal_those_of_captum_and_of_forward_runs_and_are_faster() -> None:
    # Equality is checked inside, before anything is timed. The bounds are far below what is measured on a quiet
    # machine (README), so that a busy one does not fail them.
    outcomes = benchmark_explain(untrained(clicks=16, candidates=5), repeats=1)
    assert set(outcomes) == {
        "leave_one_out",
        "leave_one_out_5_candidates",
        "shapley",
        "integrated_gradients",
        "one_explanation",
    }
    assert outcomes["leave_one_out"].ratio["captum"].high > 2
    assert outcomes["shapley"].ratio["captum"].high > 2
    assert all(outcome.equal_within < 1e-3 for outcome in outcomes.values())
