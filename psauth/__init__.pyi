# The public names, each with the module that defines it: __init__.py loads them from there when they are first used.

from .api.budget import Budget as Budget
from .auth.flow import AuthorizationFlow as AuthorizationFlow
from .auth.flow import AuthorizationRequest as AuthorizationRequest
from .auth.revocation import Disconnected as Disconnected
from .client import ProcessStreet as ProcessStreet
from .connecting import connect as connect
from .connecting import login as login
from .connecting import logout as logout
from .demo import Sandbox as Sandbox
from .exceptions import AccessDenied as AccessDenied
from .exceptions import ApiError as ApiError
from .exceptions import ArgumentError as ArgumentError
from .exceptions import AuthorizationError as AuthorizationError
from .exceptions import AuthorizationRefused as AuthorizationRefused
from .exceptions import BrowserMismatch as BrowserMismatch
from .exceptions import CodeMissing as CodeMissing
from .exceptions import DuplicateParameter as DuplicateParameter
from .exceptions import ExchangeFailed as ExchangeFailed
from .exceptions import IssuerMismatch as IssuerMismatch
from .exceptions import LoginRequired as LoginRequired
from .exceptions import MalformedCallback as MalformedCallback
from .exceptions import NotFound as NotFound
from .exceptions import OutcomeUnknown as OutcomeUnknown
from .exceptions import PermissionDenied as PermissionDenied
from .exceptions import PsauthError as PsauthError
from .exceptions import PsauthWarning as PsauthWarning
from .exceptions import RateLimited as RateLimited
from .exceptions import ServiceUnavailable as ServiceUnavailable
from .exceptions import SettingsError as SettingsError
from .exceptions import StateExpired as StateExpired
from .exceptions import StateMissing as StateMissing
from .exceptions import StateSpent as StateSpent
from .exceptions import StateUnknown as StateUnknown
from .exceptions import UntrustedAddress as UntrustedAddress
from .exceptions import VaultError as VaultError
from .reading.days import Days as Days
from .reading.incomplete import Incomplete as Incomplete
from .reading.plan import Plan as Plan
from .reading.unreadable import Unreadable as Unreadable
from .settings import Settings as Settings
from .vault.connection import Connection as Connection
from .vault.token import Token as Token
from .vault.vault import Vault as Vault

__version__: str
