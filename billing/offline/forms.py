"""What the page of the offline checkout takes besides a press on a button."""

from decimal import Decimal

from django import forms


class RefundForm(forms.Form):
    """A part of what was paid. `most` is what is left of it, in the smallest unit of the currency."""

    amount = forms.DecimalField(
        max_digits=12, decimal_places=2, widget=forms.TextInput(attrs={"inputmode": "decimal", "size": 8})
    )

    def __init__(self, data: object, *, most: int) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # a form's data is a mapping or None
        self.most = most

    def clean_amount(self) -> int:
        """Return the amount in the smallest unit."""
        amount = int(self.cleaned_data["amount"] * 100)
        if not 0 < amount <= self.most:
            raise forms.ValidationError(f"From 0.01 to {Decimal(self.most) / 100:.2f}: no more is left.")
        return amount
