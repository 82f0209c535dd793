"""Why a verb about people was refused although the person may use it."""

from django.utils.translation import gettext_lazy as _

from project.lib.refusals import Refused


class LastOperator(Refused):
    code = "last_operator"
    sentence = _("This is the last superuser who can sign in. Make someone else a superuser first.")


class OwnPurge(Refused):
    code = "own_purge"
    sentence = _("You can't purge yourself. Ask another operator to do it.")


class PurgeAsked(Refused):
    code = "purge_asked"
    sentence = _("There is already a request for this person.")


class Decided(Refused):
    code = "decided"
    sentence = _("This has already been decided.")


class DecisionTooLate(Refused):
    code = "decision_too_late"
    sentence = _("The request has expired. Nothing was deleted.")


class OwnDecision(Refused):
    code = "own_decision"
    sentence = _("You can't decide about yourself.")


class SecondOperatorNeeded(Refused):
    code = "second_operator_needed"
    sentence = _("Someone else has to approve your request.")


class PurgeEnded(Refused):
    code = "purge_ended"
    sentence = _("An operator ended its workflow. Make a new request.")
