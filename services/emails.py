"""E-mail addresses: checked as they come in, and written as mail servers take them."""

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from services.errors import Findings
from services.policy import Measured
from services.text import check_length, folded

#: Folded, one character may become eighteen; what is kept of an address has room for this many.
MOST_FOLDED = 240


def check_email(findings: Findings, field: str, email: str) -> str:
    """The address in `field` as it is kept; notes a finding where it cannot be one."""
    email = check_length(findings, field, email, Measured.EMAIL, lines=False)
    if len(folded(email)) > MOST_FOLDED:
        findings.add(field, message="Use fewer signs that stand for whole words.")
        return ""
    try:
        return _validated(email).normalized if email else ""
    except EmailNotValidError as error:
        findings.add(field, message=str(error))
        return ""


def for_mail(email: str) -> str:
    """A checked address as any mail server takes it, where there is such a form: its domain in ASCII (IDNA)."""
    return _validated(email).ascii_email or email


def _validated(email: str) -> ValidatedEmail:
    # Whether the domain takes mail is found out when some is sent: nobody waits for that here.
    return validate_email(email, check_deliverability=False)
