"""What people send: addresses and forms."""

import email_validator
import python_multipart

USES = "email-validator python-multipart"
FORMS = f"python-multipart {python_multipart.__version__}"


def address(text: str) -> str:
    return email_validator.validate_email(text, check_deliverability=False).normalized
