"""The command about datasets that lie in an object storage: attach."""

from argparse import Namespace

from recattn.cli.command import Answer, Command, argument


def attach(given: Namespace) -> Answer:
    """A dataset of tables that stay where they are."""
    from recattn.data.storage import attach as attached

    info = attached(given.name, given.address, given.replace)
    counts = {"items": info.items, "users": info.users, "impressions": info.impressions}
    text = (
        f"{info.name}: {info.items:,} items, {info.users:,} users, {info.impressions:,} impressions; read from there."
    )
    return Answer({"dataset": info.name, **counts}, text)


COMMANDS = (
    Command(
        "attach",
        "Read a dataset from where it lies in a storage that speaks S3; see docs/scale.md.",
        attach,
        (
            argument(
                "address", metavar="s3://BUCKET/PREFIX", help="maybe with ?endpoint=https://HOST:PORT&region=NAME"
            ),
            argument("--name", required=True, help="of the dataset"),
            argument("--replace", action="store_true", help="put it in the place of a dataset of that name"),
        ),
        changes=True,
    ),
)
