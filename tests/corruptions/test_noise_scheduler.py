"""The noise scheduler: Eq. (1) to (5), Algorithm 1, and what noise may not touch."""

import math

import pytest
import torch
from scipy import stats
from utterance_batches import batch_of, generator, row_of

from emolib.corruptions.conditions import (
    CONDITIONS,
    SIX,
    draw_conditions,
    fixed_condition,
    names_of,
)
from emolib.corruptions.noise_levels import Level, exact_alpha_bar, level_for, steps_for
from emolib.corruptions.noise_schedule import alpha_bar, beta_schedule, snr, snr_db
from emolib.corruptions.noise_scheduler import (
    added_noise,
    corrupt,
    corrupt_as_released,
    drop,
    gaussian_noise,
    impulse_noise,
    iterate,
    mix,
    released_alpha_bars,
)

MOSEI = (150.8, 2.204, 0.0300)  # variances behind the paper's (140, 60, 5)
WIDTHS = {"audio": 4, "visual": 3, "text": 5}
both_noises = pytest.mark.parametrize("noise", ["gaussian", "impulse"])


def batch():
    """Return six utterances of seven steps with NaN on their padding, and lengths."""
    return batch_of({m: [1, 2, 3, 4, 5, 7] for m in WIDTHS}, WIDTHS, fill=math.nan)


def levels(noise="gaussian", db=-10.0):
    return {m: level_for(db, 1.0, noise=noise) for m in WIDTHS}


def same(one, other):
    """Return whether two tensors are bit-equal, NaN included."""
    return torch.equal(one.view(torch.int32), other.view(torch.int32))


# ---------------------------------------------------------------- schedule and dB


def test_the_schedule_ends_at_beta_end_whatever_its_length():
    assert beta_schedule(1).tolist() == [0.001]
    assert beta_schedule(3).tolist() == pytest.approx([0.001, 0.0505, 0.1])
    scaled = beta_schedule(3, start=0.01, end=0.09, shape="scaled_linear")
    assert scaled.tolist() == pytest.approx([0.01, 0.04, 0.09])


def test_alpha_bar_is_the_product_of_what_each_step_leaves():
    by_hand = [0.999, 0.999 * 0.9495, 0.999 * 0.9495 * 0.9]
    assert alpha_bar(beta_schedule(3)).tolist() == pytest.approx(by_hand)


def test_snr_by_hand():
    assert snr(0.2, 3.0) == pytest.approx(0.75)
    assert snr(0.2, 3.0, 0.3) == pytest.approx(2.5)
    assert snr_db(0.2, 3.0) == pytest.approx(-1.2493873660829995)
    assert snr_db(0.5, 100.0) == pytest.approx(20.0)
    assert (snr_db(1.0, 3.0), snr_db(0.0, 3.0)) == (math.inf, -math.inf)
    assert snr_db(torch.tensor([0.5, 10 / 11]), 1.0).tolist() == pytest.approx([0, 10])


def test_the_printed_triple_of_mosei_comes_out_of_its_variances():
    assert [steps_for(-10, variance) for variance in MOSEI] == [140, 60, 5]


def test_the_chosen_t_is_nearer_than_its_neighbours():
    for db in range(-45, 31, 5):
        for variance in (0.03, 1.0, 150.8):
            n = steps_for(db, variance)
            off = {
                k: abs(snr_db(alpha_bar(beta_schedule(k))[-1].item(), variance) - db)
                for k in (n - 1, n, n + 1)
                if k
            }
            assert min(off, key=off.get) == n


def test_impulses_at_the_same_t_are_weaker_by_their_rareness():
    one, other = (level_for(-10, 2.204, noise=n) for n in ("gaussian", "impulse"))
    assert other.n_steps == one.n_steps == 60
    assert other.alpha_bar == one.alpha_bar
    assert other.nominal_db - one.nominal_db == pytest.approx(-10 * math.log10(0.3))


@both_noises
@pytest.mark.parametrize("db", [0.0, -10.0, -40.0])
def test_an_exact_alpha_bar_gives_the_db_asked_for(noise, db):
    level = level_for(db, 0.03, noise=noise, exact=True)
    assert level.n_steps is None
    assert level.nominal_db == pytest.approx(db, abs=1e-9)
    assert exact_alpha_bar(-10, 1.0) == pytest.approx(1 / 11)


@both_noises
def test_measured_and_nominal_db_agree_on_data_far_from_zero_mean(noise):
    spread = torch.linspace(0.2, 3.0, 30)
    clean = 40.0 + spread * torch.randn(3000, 30, generator=generator())
    variance = clean.var(0, correction=0).mean().item()
    level = level_for(-10, variance, noise=noise)
    x, lengths = {"audio": clean[:, None]}, {"audio": torch.ones(3000, dtype=int)}
    noisy = fixed_condition("vl", 3000)
    seen = corrupt(x, lengths, noisy, {"audio": level}, generator(1))
    epsilon = added_noise(clean, seen["audio"][:, 0], level.alpha_bar)
    got = snr_db(level.alpha_bar, variance, epsilon.square().mean().item())
    assert got == pytest.approx(level.nominal_db, abs=0.2)
    power = clean.square().mean().item()
    assert snr_db(level.alpha_bar, power) - snr_db(level.alpha_bar, variance) > 20


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: beta_schedule(0), r"n_steps must be a whole number.*got 0"),
        (lambda: beta_schedule(3, start=0.5), r"end must be in \[0.5, 1\); got 0.1"),
        (lambda: level_for(-10, 0.0), r"variance must be finite and above 0"),
    ],
)
def test_what_cannot_be_a_level_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ---------------------------------------------------------------- two ways, any noise


def test_iterating_and_mixing_give_the_same_distribution():
    x = torch.full((40_000,), 3.0, dtype=torch.float64)
    betas = beta_schedule(20)
    keep = alpha_bar(betas)[-1].item()
    step_by_step = iterate(x, betas, generator(0))
    at_once = mix(x, keep, gaussian_noise(x.shape, generator(1), x.dtype))
    exact = stats.norm(3 * keep**0.5, (1 - keep) ** 0.5)
    for noisy in (step_by_step, at_once):
        assert noisy.mean().item() == pytest.approx(exact.mean(), abs=0.012)
        assert noisy.var().item() == pytest.approx(exact.var(), abs=0.015)
        # the bound that one sample in a thousand passes
        assert stats.kstest(noisy.numpy(), exact.cdf).statistic < 1.95 / 200
    with pytest.raises(ValueError, match="a sum of impulses is no impulse: use mix"):
        iterate(x, betas, None, noise="impulse")


def test_impulses_hit_three_in_ten_and_are_of_one_size():
    noise = impulse_noise((100_000,), generator())
    values, counts = noise.unique(return_counts=True)
    assert values.tolist() == [-1, 0, 1]
    assert (counts / len(noise)).tolist() == pytest.approx([0.15, 0.7, 0.15], abs=0.005)
    assert impulse_noise((9,), generator(), 1.0).abs().eq(1).all()


def test_any_tensor_may_be_the_noise():
    x, hum = torch.arange(6.0).view(2, 3), torch.tensor([[1.0, 2, 3], [4, 5, 6]])
    mixed = mix(x, torch.tensor(0.36), hum)
    torch.testing.assert_close(mixed, 0.6 * x + 0.8 * hum)
    assert torch.equal(mix(x, 1.0, hum), x)
    with pytest.raises(ValueError, match=r"noise must have the shape of x, \(2, 3\)"):
        mix(x, 0.5, hum[:1])
    epsilon = added_noise(x, mixed, 0.36)
    torch.testing.assert_close(epsilon, hum.double(), atol=1e-5, rtol=0)


# ---------------------------------------------------------------- what is touched


@both_noises
def test_only_real_steps_of_noisy_modalities_change(noise):
    x, lengths = batch()
    before = {m: v.clone() for m, v in x.items()}
    noisy = torch.tensor([CONDITIONS[name] for name in SIX])
    seen = corrupt(x, lengths, noisy, levels(noise), generator())
    for j, m in enumerate(WIDTHS):
        real = torch.arange(7) < lengths[m][:, None]
        hit = real & noisy[:, j, None]
        assert same(seen[m][~hit], x[m][~hit])
        changed = (seen[m] != x[m])[hit].float().mean()
        assert changed == 1.0  # √ᾱ scales what an impulse does not hit
        assert same(x[m], before[m])


def test_the_generator_alone_decides_and_draws_nothing_where_noise_is_off():
    x, lengths = batch()
    noisy, state = fixed_condition("none", 6), torch.get_rng_state()
    made = (corrupt(x, lengths, noisy, levels(), generator(s)) for s in (0, 0, 1))
    one, two, other = made
    assert torch.equal(torch.get_rng_state(), state)
    assert all(same(one[m], two[m]) and not same(one[m], other[m]) for m in x)
    state = (g := generator()).get_state()
    seen = corrupt(x, lengths, fixed_condition("avl", 6), levels(), g)
    assert all(same(seen[m], x[m]) for m in x)
    assert torch.equal(g.get_state(), state)


def test_padding_draws_nothing_so_its_length_changes_nothing():
    x, lengths = batch()
    wide = {m: torch.cat([v, torch.zeros_like(v)], 1) for m, v in x.items()}
    noisy = fixed_condition("none", 6)
    short = corrupt(x, lengths, noisy, levels(), generator())
    long = corrupt(wide, lengths, noisy, levels(), generator())
    assert all(same(long[m][:, :7], short[m]) for m in x)
    assert all(long[m][:, 7:].eq(0).all() for m in x)


def test_noise_of_a_modality_is_eq_3_with_its_own_level():
    x, lengths = row_of(*batch(), 0)
    own = {"text": Level(-10, 46, 0.36, -10.0)}
    seen = corrupt(x, lengths, fixed_condition("av", 1), own, generator(3))
    epsilon = gaussian_noise((1, 5), generator(3))
    torch.testing.assert_close(seen["text"][0], 0.6 * x["text"][0] + 0.8 * epsilon)


def test_a_noisy_modality_without_level_or_with_another_name_is_refused():
    x, lengths = batch()
    some = {m: level for m, level in levels().items() if m != "visual"}
    with pytest.raises(ValueError, match=r"levels must hold 'visual', .* noisy in 6"):
        corrupt(x, lengths, fixed_condition("none", 6), some, generator())
    with pytest.raises(ValueError, match=r"x must hold modalities of .* \['eeg'\]"):
        corrupt({"eeg": x["text"]}, lengths, fixed_condition("none", 6), some, None)
    with pytest.raises(ValueError, match=r"noisy must have shape \(b, m\) with b=6"):
        corrupt(x, lengths, fixed_condition("none", 5), some, generator())


def test_what_is_dropped_leaves_no_trace_not_even_nan():
    x, lengths = batch()
    missing = torch.tensor([CONDITIONS[name] for name in SIX])
    poisoned = {m: v.clone() for m, v in x.items()}
    for j, m in enumerate(WIDTHS):
        poisoned[m][missing[:, j]] = math.nan
    kept, steps = drop(poisoned, lengths, missing)
    for j, m in enumerate(WIDTHS):
        gone = missing[:, j]
        assert kept[m][gone].eq(0).all()
        assert steps[m][gone].eq(0).all()
        assert same(kept[m][~gone], x[m][~gone])
        assert torch.equal(steps[m][~gone], lengths[m][~gone])


# ---------------------------------------------------------------- conditions


def test_a_condition_is_named_by_what_stays_clean():
    assert CONDITIONS["av"] == (False, False, True)
    assert CONDITIONS["l"] == (True, True, False)
    assert (CONDITIONS["none"], CONDITIONS["avl"]) == ((True,) * 3, (False,) * 3)
    assert names_of(torch.tensor(list(CONDITIONS.values()))) == list(CONDITIONS)
    with pytest.raises(ValueError, match=r"condition must be one of 'a'.*got 'va'"):
        fixed_condition("va", 2)


def test_all_six_conditions_are_drawn_equally_often():
    names = names_of(draw_conditions(12_000, generator()))
    counts = [names.count(name) for name in SIX]
    assert sum(counts) == 12_000
    assert stats.chisquare(counts).pvalue > 0.001
    alone = draw_conditions(5, generator(), names=("none",))
    assert names_of(alone) == ["none"] * 5


# ---------------------------------------------------------------- the released code


def test_the_released_code_has_no_level_but_a_wide_range_of_them():
    db = snr_db(released_alpha_bars(), 1.0)
    assert len(db) == 100
    assert (db[0].item(), db[-1].item()) == pytest.approx((20, -102), abs=0.5)
    assert db.quantile(0.5).item() == pytest.approx(-16.4, abs=0.05)


def test_the_released_code_draws_one_step_a_call_and_disturbs_padding():
    x, noisy = {"text": torch.zeros(50, 40, 3)}, fixed_condition("av", 50)
    calls = [corrupt_as_released(x, noisy, generator(s))["text"] for s in range(30)]
    assert all(call.ne(0).all() for call in calls)
    spread = torch.stack([call.std((1, 2)) for call in calls])
    mean = spread.mean(1, keepdim=True)
    assert (spread / mean - 1).abs().max() < 0.4  # the whole batch shares a step
    powers = spread.square().mean(1)
    allowed = 1 - released_alpha_bars().float()
    assert (powers[:, None] - allowed).abs().min(1).values.max() < 0.05
    assert powers.max() / powers.min() > 5
