"""Which passwords are good enough: long rather than odd, as NIST SP 800-63B advises, and none that everybody guesses first."""

from isp_addons.domain.problem import BadInput

LEAST, MOST = 12, 200
"""How long a password is, in characters. The upper bound only keeps the work of hashing it small."""

_FEWEST_DIFFERENT = 5
_GUESSED = frozenset(
    {
        "123456789012", "1234567890123", "123456781234", "012345678910", "qwertyuiop12", "qwertyuiop123", "qwertyuiopas",
        "1q2w3e4r5t6y", "1qaz2wsx3edc", "password1234", "password12345", "passwordpassword", "passw0rd1234", "p@ssw0rd1234",
        "iloveyou1234", "administrator", "admin1234567", "letmein12345", "welcome12345", "changeme1234", "abcdefghijkl",
        "abcd12345678", "abc123456789", "monkey123456", "football1234", "superman1234", "unbelievable", "motherfucker",
        "correcthorse", "correcthorsebatterystaple", "hallo1234567", "passwort1234", "passwort12345", "motdepasse12",
        "motdepasse123", "йцукенгшщзхъ", "пароль123456", "parol1234567", "azertyuiop12", "qwertzuiop12", "zaq12wsxcde3",
    }
)  # fmt: skip


def check_password(password: str, *, email: str) -> None:
    """Raise `BadInput` (``weak_password``), saying why, for a password that whoever logs in as *email* should not have."""
    plain = password.casefold()
    name = email.partition("@")[0].casefold()
    if len(password) < LEAST:
        reason = f"it has fewer than {LEAST} characters; a few words in a row are easy to remember"
    elif len(password) > MOST:
        reason = f"it has more than {MOST} characters"
    elif plain in _GUESSED:
        reason = "it is one of those that are guessed first"
    elif len(set(plain)) < _FEWEST_DIFFERENT:
        reason = f"it has fewer than {_FEWEST_DIFFERENT} different characters"
    elif plain in (email.casefold(), name) or plain.strip("0123456789!._- ") in (email.casefold(), name):
        reason = "it is the e-mail address, or made from it"
    else:
        return
    raise BadInput(f"This password is too weak: {reason}. Choose another one.", code="weak_password")
