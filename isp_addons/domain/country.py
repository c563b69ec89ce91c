"""Countries by the codes of ISO 3166-1 alpha-2."""

from isp_addons.domain.problem import BadInput

_CODES = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP
    KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT
    MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ
    UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_CODES.split())
"""Every officially assigned code (249). ISO 3166 Maintenance Agency, Online Browsing Platform."""

_SAME = {"UK": "GB", "EL": "GR"}  # what many write for the United Kingdom, and the European Union for Greece


def same_country(code: str) -> str:
    """The one code of ISO 3166 for a country: UK is GB, EL is GR, in any case of letters. Whether it is one is not checked."""
    bare = code.strip()
    upper = bare.upper() if bare.isascii() else bare
    return _SAME.get(upper, upper)


def parse_country(text: str) -> str:
    """The code that *text* means, in capitals. Raises `BadInput` (``bad_country``) for anything that is no country."""
    code = same_country(text)
    if code not in COUNTRIES:
        raise BadInput(
            f"{text[:60]!r} is not a country; write a code of two letters such as UA or IT (ISO 3166).", code="bad_country"
        )
    return code
