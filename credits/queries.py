"""Query strings, read strictly: each name is one of ours and stands there once."""

from collections.abc import Iterable
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request


class StrictQuery(serializers.Serializer[Any]):
    """A query of these fields, and no other names."""

    besides: ClassVar[Iterable[str]] = ()  # names that someone else reads, such as the pagination

    @classmethod
    def read(cls, request: Request) -> dict[str, Any]:
        """The validated query. Raises ValidationError."""
        query = cls(data=request.query_params.dict())
        names = {*query.fields, *cls.besides}
        problems = {}
        for name, values in request.query_params.lists():
            if name not in names:
                problems[name] = [ErrorDetail("There is no such filter here.", code="unknown_field")]
            elif len(values) > 1:
                problems[name] = [ErrorDetail("This is given more than once.", code="invalid")]
        if problems:
            raise ValidationError(problems)
        query.is_valid(raise_exception=True)
        return dict(query.validated_data)


class NoQuery(StrictQuery):
    """Where there is nothing to ask for."""
