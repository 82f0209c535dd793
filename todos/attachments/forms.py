from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from todos.models.attachment import CAPTION_LENGTH
from todos.web.fields import LARGEST_ID, LineField


class CaptionForm(forms.Form):
    caption = LineField(label=_("Caption"), max_length=CAPTION_LENGTH, required=False)

    def clean(self) -> dict[str, Any]:
        if "caption" not in self.data:  # an empty one takes the caption off
            raise forms.ValidationError(gettext("Enter a caption."))
        return self.cleaned_data


class FileMoveForm(forms.Form):
    after = forms.IntegerField(min_value=0, max_value=LARGEST_ID, required=False)

    def clean(self) -> dict[str, Any]:
        """An empty `after` means the first place."""
        if "after" not in self.data:
            raise forms.ValidationError(gettext("Choose where to move it."))
        self.cleaned_data["after"] = self.cleaned_data.get("after") or 0
        return self.cleaned_data
