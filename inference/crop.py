"""The part of a picture that is used."""

from pydantic import BaseModel, ConfigDict, Field


class CropRectangle(BaseModel):
    """A rectangle of a picture, in its pixels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    left: int = Field(ge=0)
    top: int = Field(ge=0)
    width: int = Field(gt=0)
    height: int = Field(gt=0)
