"""Why a verb about people was refused although the person may use it."""

from django.utils.translation import gettext_lazy as _

from project.lib.refusals import Refused


class LastOperator(Refused):
    code = "last_operator"
    sentence = _("This is the last superuser who can sign in. Make another one first.")


class OwnPurge(Refused):
    code = "own_purge"
    sentence = _("You cannot purge yourself. Ask another operator to do it.")


class PurgeAsked(Refused):
    code = "purge_asked"
    sentence = _("There is a request for this person already.")


class Decided(Refused):
    code = "decided"
    sentence = _("This was decided already.")


class DecisionTooLate(Refused):
    code = "decision_too_late"
    sentence = _("The time to decide is over. Nothing is done.")


class OwnDecision(Refused):
    code = "own_decision"
    sentence = _("You cannot decide about yourself.")


class SecondOperatorNeeded(Refused):
    code = "second_operator_needed"
    sentence = _("Somebody else must approve what you asked for.")


class PurgeEnded(Refused):
    code = "purge_ended"
    sentence = _("Its workflow was ended by an operator. Ask anew.")
