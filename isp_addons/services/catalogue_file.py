"""The catalogue as one file: read and checked as a whole, and written."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from isp_addons.domain.catalogue import (
    LONGEST_TRIAL,
    LOWEST_PRIORITY,
    MOST_QUANTITY,
    DatedPrices,
    Kind,
    ProductTerms,
    TrialEnd,
    WhileSuspended,
)
from isp_addons.domain.money import format_amount, parse_amount
from isp_addons.domain.period import LONGEST_TERM, Month, parse_whole
from isp_addons.domain.price_list import PriceList, PriceRange
from isp_addons.domain.problem import BadInput
from isp_addons.domain.proration import Proration
from isp_addons.domain.unbundling import Part
from isp_addons.services.catalogue_seats import plain_features, plain_schedule, read_features, read_schedule
from isp_addons.services.located_yaml import Reader, Value, read_file

VERSION = "1"
_PER = {"month": 1, "year": 12}
_YES_NO = {"yes": True, "true": True, "no": False, "false": False}
_BEGINNING = date(1970, 1, 1)


def read(path: Path, *, currency: str) -> list[ProductTerms]:
    """Every product of the file. Raises `BadInput` with all problems, each with its line; then nothing is to be taken."""
    return parse(read_file(path), currency=currency)


def parse(root: Value, *, currency: str) -> list[ProductTerms]:
    """The same for a file that was read already."""
    problems = root.problems
    file = Reader(root, what="the catalogue")
    file.need("catalogue", _version, default="")
    file.need("currency", lambda value: _same(value, currency), default="")
    found = file.need("products", lambda value: value.fields(), default={})
    products = [_product(code, value, currency) for code, value in found.items()]
    file.made(lambda: None)
    problems.check()
    return [each for each in products if each is not None]


def write(products: Iterable[ProductTerms], *, currency: str) -> str:
    """The file that `read` reads as *products*."""
    import yaml

    content = {"catalogue": VERSION, "currency": currency, "products": {each.code: _plain(each, currency) for each in products}}
    text: str = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=120)
    return text


def _product(code: str, value: Value, currency: str) -> ProductTerms | None:
    product = Reader(value, what=code)
    told: dict[str, Any] = {
        "name": product.read("name", Value.text, default=code),
        "kind": product.need("kind", lambda each: _word(each, Kind), default=Kind.OTHER),
        "vendor": product.read("vendor", Value.text, default="") or None,
        "terms": product.read("terms", _terms, default=(1,)),
        "proration": product.read("proration", lambda each: _word(each, Proration), default=Proration.BY_TIME),
        "month": product.read("month", lambda each: _word(each, Month), default=Month.CALENDAR),
        "trial_days": product.read("trial_days", lambda each: _whole(each, LONGEST_TRIAL), default=0),
        "trial_then": product.read("trial_then", lambda each: _word(each, TrialEnd), default=TrialEnd.END),
        "schedule": product.read("schedule", lambda each: read_schedule(each, code), default=None),
        "features": product.read("features", read_features, default={}),
        "tariffs": product.read("tariffs", _texts, default=()),
        "priority": product.read("priority", lambda each: _whole(each, LOWEST_PRIORITY), default=1),
        "while_suspended": product.read(
            "while_suspended", lambda each: _word(each, WhileSuspended), default=WhileSuspended.NONE
        ),
        "split": product.read("split", _texts, default=()),
        "unbundle": product.read("unbundle", lambda each: _parts(each, code, currency), default=()),
        "on_sale": product.read("on_sale", _yes_no, default=True),
        "resale": product.read("resale", _yes_no, default=False),
        "purchase_price": product.read("purchase_price", lambda each: _amount(each, currency), default=0),
        "options": product.read("options", _options, default={}),
        "prices": product.need("prices", lambda each: _price_lists(each, code, currency), default=()),
    }
    told.update(product.read("article", lambda each: _article(each, code), default={}))
    told.update(product.read("quantity", lambda each: _quantity(each, code), default={}))
    return product.made(lambda: ProductTerms(code=code, **told))


def _price_lists(value: Value, code: str, currency: str) -> tuple[DatedPrices, ...]:
    """A plain amount, or lists of ranges with the day from which each is valid."""
    if isinstance(value.data, str):
        amount = _amount(value, currency)
        return (DatedPrices(_BEGINNING, PriceList((PriceRange(1, None, amount),))),)
    found = [_price_list(each, code, currency) for each in value.items()]
    return tuple(each for each in found if each is not None)


def _price_list(value: Value, code: str, currency: str) -> DatedPrices | None:
    reader = Reader(value, what=f"a price list of {code}")
    day = reader.read("valid_from", _day, default=_BEGINNING)
    per = reader.read("per", _per, default=1)
    ranges = reader.need("ranges", lambda each: [_range(one, code, currency) for one in each.items()], default=[])
    return reader.made(lambda: DatedPrices(day, PriceList(tuple(each for each in ranges if each is not None), per)))


def _range(value: Value, code: str, currency: str) -> PriceRange | None:
    reader = Reader(value, what=f"a price range of {code}")
    first = reader.need("first", lambda each: _whole(each, MOST_QUANTITY), default=1)
    last = reader.read("last", lambda each: _whole(each, MOST_QUANTITY) if each.text() else None, default=None)
    price = reader.need("price", lambda each: _amount(each, currency), default=0)
    return reader.made(lambda: PriceRange(first, last, price))


def _article(value: Value, code: str) -> dict[str, str]:
    reader = Reader(value, what=f"the article of {code}")
    name = reader.need("name", _filled, default="")
    number = reader.read("number", Value.text, default="")
    return reader.made(lambda: {"article_name": name, "article_number": number}) or {}


def _quantity(value: Value, code: str) -> dict[str, int | None]:
    reader = Reader(value, what=f"the quantity of {code}")
    least = reader.read("least", lambda each: _whole(each, MOST_QUANTITY), default=1)
    most = reader.read("most", lambda each: _whole(each, MOST_QUANTITY), default=None)
    return reader.made(lambda: {"least": least, "most": most}) or {}


def _parts(value: Value, code: str, currency: str) -> tuple[Part, ...]:
    found = [_part(each, code, currency) for each in value.items()]
    return tuple(each for each in found if each is not None)


def _part(value: Value, code: str, currency: str) -> Part | None:
    reader = Reader(value, what=f"a part of {code}")
    name = reader.need("name", _filled, default="")
    number = reader.read("number", Value.text, default="")
    share = reader.need("share", lambda each: parse_amount(each.text(), currency=currency, minimum=0), default=0)
    return reader.made(lambda: Part(name, share, number))


def _plain_part(part: Part, currency: str) -> dict[str, str]:
    said = {"name": part.name, "number": part.number, "share": format_amount(part.share, currency)}
    return {name: text for name, text in said.items() if text}


def _version(value: Value) -> str:
    if value.text() != VERSION:
        raise BadInput(f"the version {value.text()!r} is not {VERSION}, which is what this isp-addons reads.", code="bad_file")
    return VERSION


def _same(value: Value, currency: str) -> str:
    if value.text() != currency:
        raise BadInput(f"the prices are in {value.text()}, but this installation's currency is {currency}.", code="bad_file")
    return currency


def _word(value: Value, words: Any) -> Any:
    text = value.text()
    if text not in list(words):
        raise BadInput(f"{text!r} is not one of {', '.join(words)}.", code="bad_file")
    return words(text)


def _whole(value: Value, most: int) -> int:
    return parse_whole(value.text(), name="number", most=most)


def _terms(value: Value) -> tuple[int, ...]:
    return tuple(sorted({_whole(each, LONGEST_TERM) for each in value.items()}))


def _texts(value: Value) -> tuple[str, ...]:
    return tuple(_filled(each) for each in value.items())


def _filled(value: Value) -> str:
    if not value.text():
        raise BadInput("it is empty.", code="bad_file")
    return value.text()


def _options(value: Value) -> Mapping[str, str]:
    return {name: each.text() for name, each in value.fields().items()}


def _amount(value: Value, currency: str) -> int:
    return parse_amount(value.text(), currency=currency, minimum=0)


def _yes_no(value: Value) -> bool:
    answer = _YES_NO.get(value.text().lower())
    if answer is None:
        raise BadInput(f"{value.text()!r} is not yes or no.", code="bad_file")
    return answer


def _day(value: Value) -> date:
    try:
        return date.fromisoformat(value.text())
    except ValueError as error:
        raise BadInput(f"{value.text()!r} is not a day such as 2027-01-01.", code="bad_file") from error


def _per(value: Value) -> int:
    if value.text() not in _PER:
        raise BadInput(f"{value.text()!r} is not one of {', '.join(_PER)}.", code="bad_file")
    return _PER[value.text()]


def _plain(terms: ProductTerms, currency: str) -> dict[str, Any]:
    """One product as it is written; what is as usual is left out."""
    said: dict[str, Any] = {"name": terms.name, "kind": terms.kind.value}
    article = {"name": terms.article_name, "number": terms.article_number}
    usual: dict[str, tuple[Any, Any]] = {
        "vendor": (terms.vendor, None),
        "article": ({name: text for name, text in article.items() if text}, {}),
        "terms": (list(terms.terms), [1]),
        "proration": (terms.proration.value, Proration.BY_TIME.value),
        "month": (terms.month.value, Month.CALENDAR.value),
        "trial_days": (terms.trial_days, 0),
        "trial_then": (terms.trial_then.value, TrialEnd.END.value),
        "schedule": (plain_schedule(terms.schedule), {}),
        "features": (plain_features(terms.features), {}),
        "tariffs": (list(terms.tariffs), []),
        "priority": (terms.priority, 1),
        "while_suspended": (terms.while_suspended.value, WhileSuspended.NONE.value),
        "quantity": (_limits(terms), {}),
        "split": (list(terms.split), []),
        "unbundle": ([_plain_part(each, currency) for each in terms.unbundle], []),
        "on_sale": (terms.on_sale, True),
        "resale": (terms.resale, False),
        "purchase_price": (format_amount(terms.purchase_price, currency), format_amount(0, currency)),
        "options": (dict(terms.options), {}),
    }
    said.update({name: value for name, (value, default) in usual.items() if value != default})
    return {**said, "prices": [_plain_prices(each, currency) for each in terms.prices]}


def _limits(terms: ProductTerms) -> dict[str, int]:
    limits = {"least": terms.least if terms.least != 1 else None, "most": terms.most}
    return {name: value for name, value in limits.items() if value is not None}


def _plain_prices(dated: DatedPrices, currency: str) -> dict[str, Any]:
    per = next(name for name, months in _PER.items() if months == dated.prices.per_months)
    return {"valid_from": dated.valid_from.isoformat(), "per": per, "ranges": _plain_ranges(dated.prices.ranges, currency)}


def _plain_ranges(ranges: Sequence[PriceRange], currency: str) -> list[dict[str, Any]]:
    return [
        {
            "first": each.first,
            **({} if each.last is None else {"last": each.last}),
            "price": format_amount(each.unit_price, currency),
        }
        for each in ranges
    ]
