"""What screens and scripts are shown of the journal: frozen read models, see central/readmodels.py."""

from pydantic import Field

from central.readmodels import View


class EntryView(View):
    """One entry of the journal."""

    seq: int = Field(description="Number; rises by one", examples=[4711])
    at_wall: float = Field(description="When, Unix seconds", examples=[1700000000.123])
    kind: str = Field(description="What happened", examples=["broadcast.approved"])
    subject: str = Field(description="To what", examples=["b-7k2m"])
    payload: dict[str, object] | None = Field(
        description="Details; null once they were erased by retention", examples=[{"by": "li"}]
    )
    hash: str = Field(description="Hash of the entry, which also covers the one before", examples=["0" * 64])


class VerdictView(View):
    """What a check of the whole journal found."""

    ok: bool = Field(description="The chain is whole", examples=[True])
    entries: int = Field(description="Entries found sound", examples=[4711])
    erased: int = Field(default=0, description="Of these, entries with erased details", examples=[0])
    first_bad: int | None = Field(
        default=None, description="Number of the first entry that is not sound", examples=[17]
    )
    reason: str = Field(default="", description="What is wrong there", examples=["entry 17 was changed"])
