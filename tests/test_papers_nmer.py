"""What paper 3 says, typed a second time."""

import re

import pytest
from claims import comparisons_of, count, table_of

from emolib.reporting import load_reported, load_section
from emolib.reporting.printed import with_system

LEVELS = (-10, -20, -30, -40)

# Typed from the page by columns, ten-thousandths: all Gaussian WA from -10 to -40 dB,
# all Gaussian UA, then impulse WA and UA. In the table the four kinds alternate.
TABLE_2 = """
iemocap|MEN|      7120 6747 6370 6047 | 7175 6714 6349 6004 | 7448 7026 6758 6348 | 7453 7133 6850 6364
iemocap|MCTN|     7215 6989 6778 6674 | 7431 7003 6712 6790 | 7400 7270 7112 6978 | 7531 7314 7157 7041
iemocap|MMIN|     7551 7271 7155 7003 | 7640 7394 7209 7067 | 7750 7521 7397 7226 | 7870 7671 7516 7352
iemocap|IF-MMIN|  7543 7345 7184 7048 | 7655 7493 7225 7155 | 7738 7589 7382 7343 | 7858 7719 7509 7452
iemocap|NMER|     7598 7307 7197 7085 | 7675 7406 7254 7176 | 7773 7591 7304 7391 | 7872 7733 7532 7410
iemocap|w/o VAE|  7382 7004 6850 6793 | 7275 7132 6882 6801 | 7509 7467 7136 7133 | 7631 7500 7280 7238
iemocap|w/o L_inv|7401 7121 7010 6843 | 7338 7293 6942 6805 | 7630 7489 7202 7158 | 7712 7549 7276 7208
mosei|MEN|        7285 6966 6789 6528 | 6593 6380 6099 5472 | 7341 7010 6539 6383 | 6638 6495 6260 6135
mosei|MCTN|       7330 7254 7231 7103 | 6656 6451 6228 6107 | 7455 7309 7180 7007 | 6827 6678 6454 6280
mosei|MMIN|       7438 7440 7414 7428 | 6810 6676 6545 6464 | 7713 7580 7331 7277 | 7035 6802 6540 6391
mosei|IF-MMIN|    7566 7431 7389 7432 | 6750 6609 6501 6502 | 7701 7522 7350 7393 | 7026 6703 6558 6498
mosei|NMER|       7596 7454 7487 7482 | 6760 6617 6549 6543 | 7744 7588 7361 7380 | 7105 6831 6572 6530
mosei|w/o VAE|    7439 7328 7289 7018 | 6710 6305 6300 6204 | 7621 7483 7151 6971 | 6800 6622 6445 6210
mosei|w/o L_inv|  7521 7387 7261 7230 | 6732 6713 6659 6336 | 7709 7511 7272 7045 | 7034 6732 6419 6223
"""  # noqa: E501

# Condition by condition down the column: WA at the four levels, then UA.
TABLE_3 = """
iemocap|a|   7275 6752 6574 6347 | 7349 6873 6626 6484
iemocap|v|   7440 6911 6715 6529 | 7503 6949 6688 6511
iemocap|l|   7750 7623 7513 7348 | 7820 7735 7592 7484
iemocap|av|  7432 7068 7021 6978 | 7508 7178 7071 7024
iemocap|al|  7813 7720 7649 7632 | 7917 7846 7778 7777
iemocap|vl|  7877 7771 7712 7672 | 7952 7864 7771 7773
iemocap|avg| 7598 7307 7197 7085 | 7675 7406 7254 7176
mosei|a|     7274 7030 7099 7120 | 5905 5644 5497 5579
mosei|v|     7262 6924 6959 6872 | 6204 5885 5690 5694
mosei|l|     7787 7783 7837 7813 | 7362 7317 7394 7263
mosei|av|    7366 7084 7094 6973 | 6187 5965 5859 5844
mosei|al|    8030 7982 8012 8096 | 7507 7474 7453 7456
mosei|vl|    7856 7922 7924 8017 | 7383 7395 7380 7412
mosei|avg|   7596 7454 7487 7482 | 6760 6617 6549 6543
"""

# Down the column: the first row, then the four levels; WA, then UA.
TABLE_4 = """
iemocap|a| 6693 5633 4769 4483 4161 | 6776 5588 4879 4651 4182
iemocap|v| 5723 4252 3941 3624 3502 | 5560 4107 3780 3443 3363
iemocap|l| 6484 5421 4665 3867 3795 | 6592 5415 4644 3878 3333
"""

TABLE_5 = """
iemocap|MEN|     6496 5868 5425 4767 | 6355 5545 5233 4631
iemocap|MCTN|    6874 6295 5954 5469 | 6930 6250 6032 5503
iemocap|MMIN|    7340 6893 6498 6024 | 7453 7011 6566 5997
iemocap|IF-MMIN| 7450 6940 6472 6053 | 7546 6985 6531 5911
iemocap|NMER|    7436 6963 6510 6069 | 7528 7026 6577 6116
mosei|MEN|       7591 7319 7017 6825 | 6471 6061 5707 5560
mosei|MCTN|      7534 7346 7100 6880 | 6635 6285 5844 5613
mosei|MMIN|      7566 7436 7301 7204 | 6855 6459 6081 5625
mosei|IF-MMIN|   7680 7588 7327 7240 | 6893 6467 6170 5706
mosei|NMER|      7651 7570 7341 7266 | 6842 6513 6181 5735
"""

TABLE_1 = {
    ("iemocap", "emotion", "happy"): 1636,
    ("iemocap", "emotion", "angry"): 1103,
    ("iemocap", "emotion", "sad"): 1084,
    ("iemocap", "emotion", "neutral"): 1708,
    ("iemocap", "emotion", "train"): 4446,
    ("iemocap", "emotion", "test"): 557,
    ("iemocap", "emotion", "test under six conditions"): 3342,
    ("mosei", "sentiment", "positive"): 14842,
    ("mosei", "sentiment", "negative"): 6066,
    ("mosei", "sentiment", "train"): 16265,
    ("mosei", "sentiment", "test"): 4643,
}
TRIPLE = {"a": 140, "v": 60, "l": 5}


LEVELS_OF = {
    "Table 2": ("gaussian {db} dB avg", "impulse {db} dB avg"),
    "Table 4": ("gaussian {db} dB",),
    "Table 5": ("gaussian {db} dB none",),
}
TYPED = {"Table 2": TABLE_2, "Table 4": TABLE_4, "Table 5": TABLE_5}


def typed(text, patterns):
    """Return {(dataset, system, metric, condition): value} of a table typed above."""
    cells = {}
    for line in text.strip().splitlines():
        dataset, row, numbers = (part.strip() for part in line.split("|", 2))
        values = [int(n) / 10_000 for n in re.findall(r"\d{4}", numbers)]
        dbs = LEVELS if len(values) % 4 == 0 else (0, *LEVELS)
        columns = [
            (metric, pattern.format(db=db, row=row) if db else "clean")
            for pattern in patterns
            for metric in ("wa", "ua")
            for db in dbs
        ]
        pairs = zip(columns, values, strict=True)
        cells |= {(dataset, row, *column): value for column, value in pairs}
    return cells


@pytest.fixture(scope="module")
def reported():
    return with_system(load_reported("nmer"))


@pytest.fixture(scope="module")
def claims():
    return comparisons_of("nmer")


def cells_of(reported, item, *names):
    rows = reported[reported["item"] == item]
    return rows.set_index([*names])["value"].to_dict()


@pytest.mark.parametrize(
    ("item", "n"), [("Table 2", 224), ("Table 4", 30), ("Table 5", 80)]
)
def test_every_cell_of_a_table_is_as_printed(reported, item, n):
    cells = cells_of(reported, item, "dataset", "system", "metric", "condition")
    assert len(cells) == n and cells == typed(TYPED[item], LEVELS_OF[item])


def test_every_cell_of_table_3_counts_and_the_choice_of_t_are_as_printed(reported):
    cells = cells_of(reported, "Table 3", "dataset", "metric", "condition")
    rows = typed(TABLE_3, ["gaussian {db} dB {row}"])
    assert len(cells) == 112
    assert cells == {(d, metric, c): v for (d, _, metric, c), v in rows.items()}
    assert cells_of(reported, "Table 1", "dataset", "target", "condition") == TABLE_1
    triple = cells_of(reported, "Section 2.2.3", "dataset", "condition", "variant")
    assert triple == {("mosei", "gaussian -10 dB", k): n for k, n in TRIPLE.items()}


def test_nothing_else_is_reported_and_every_label_is_known(reported):
    assert len(reported) == 446 + 11 + 3
    assert reported["spread"].isna().all() and reported["value"].notna().all()
    targets = {"iemocap": "emotion", "mosei": "sentiment"}
    assert (reported["dataset"].map(targets) == reported["target"]).all()
    scores = reported[reported["metric"].isin(["wa", "ua"])]
    assert len(scores) == 446
    methods = {"MEN", "MCTN", "MMIN", "IF-MMIN", "NMER", "uni-modal"}
    assert set(scores["method"]) == methods
    label = r"clean|(gaussian|impulse) -[1-4]0 dB( (a|v|l|av|al|vl|avg|none))?"
    assert scores["condition"].str.fullmatch(label).all()


# ---------------------------------------------------------------- what is claimed


def test_all_seven_equations_both_algorithms_and_the_losses_are_mapped():
    table = table_of("nmer", "equations")
    numbered = table["equation"].str.extract(r"^Eq\. \((\d+)\)")[0].dropna()
    assert numbered.tolist() == ["1", "2", "3", "4", "5", "6", "7"]
    others = set(table["equation"]) - {f"Eq. ({n})" for n in range(1, 8)}
    assert {
        "Algorithm 1", "Algorithm 2", "Section 2.4, L_inv", "Section 2.4, L_cls",
        "Section 2.4, total",
    } <= others  # fmt: skip
    notebooks = r"nmer(_noise_scheduler|_unimodal|_ablation_parts)?\.ipynb#\S"
    assert table["notebook"].str.match(notebooks).all()


def test_every_claim_stands_in_the_readme_with_its_verdict(reported, claims):
    section = load_section("nmer", "Where the claims hold in the paper's own numbers")
    compared = {name: comparison for name, comparison in claims.items() if comparison}
    assert len(compared) == 13
    for name, comparison in compared.items():
        words = count(comparison, reported)
        assert re.search(rf"`{name}`.*\| {words} \|", section), name
