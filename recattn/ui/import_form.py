"""Data in, from the page: choose files, look at what was found, say yes; the import itself is a job."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from recattn.config import datasets_folder, home
from recattn.data.offered import offered, offered_path
from recattn.data.preview import Preview, preview_mind, preview_source
from recattn.data.recognised import SOURCES, layout_of
from recattn.data.store import dataset_infos
from recattn.data.uploads import SPLITS, discard, stage
from recattn.errors import DataError, RecAttnError
from recattn.jobs.registry import Registry, Run
from recattn.jobs.run_folder import BUSY
from recattn.jobs.starting import start
from recattn.language import phrase, say
from recattn.ui.guard import check_may_act
from recattn.ui.import_preview import show_preview
from recattn.ui.language import kept_language
from recattn.ui.loads import sweep_hourly
from recattn.ui.notices import show_error, without_home
from recattn.ui.wording import plain, shortened

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

_DRAFT, _ROUND, _JOB, _REFUSED = "import-draft", "import-round", "import-job", "import-refused"  # in the session
_UPLOAD, _FOLDERS = phrase("Upload"), phrase("Folders of this server")
_LABELS = {
    "train": phrase("Training data"),
    "dev": phrase("Evaluation data, optional"),
    "test": phrase("Test data, optional"),
}
_HELP = {
    "train": phrase("What models learn from: one zip, or news.tsv and behaviors.tsv."),
    "dev": phrase("Later clicks, to measure on. Without it the last day of the training data is kept aside."),
    "test": phrase("More impressions to look at; they may be without clicks."),
}
_LAYOUT = phrase(
    "\nThe data has the layout of the [MIND](https://msnews.github.io) news collection: two files "
    "of text with tabs between the\ncolumns and no header, each split (training, evaluation, "
    "test) in a zip or as it is.\n\n**news.tsv**: id, category, subcategory, title, abstract, "
    "link, entities in the title, entities in the abstract. All but\nid and title may be empty.\n\n"
    "**behaviors.tsv**: id, reader, time as `11/15/2019 8:55:22 AM`, ids of what they had read, "
    "ids of what they were shown\nwith `-1` (clicked) or `-0` behind each.\n"
)
_OTHERS = phrase(
    "Films, products, music: MovieLens and Last.fm are known by their files as published, in a zip or in a folder of "
    "this server; Amazon reviews beside their `meta_` file in such a folder. Any other table comes in from a shell: "
    "`python -m recattn import interactions`."
)


@dataclass(frozen=True)
class Draft:
    """An import that was looked at and not begun. ``offered`` names what came from the operator's folders."""

    paths: Mapping[str, Path]
    offered: Mapping[str, str]
    preview: Preview
    name: str

    def discard(self) -> None:
        """Remove what was uploaded for it."""
        for path in self.paths.values():
            discard(path)


def choose_import(disabled: bool) -> None:
    """Draw the section: the choice of files, then the preview, then what became of the import."""
    sweep_hourly(str(home()))
    draft: Draft | None = st.session_state.get(_DRAFT)
    job = _last_job()
    opened = draft is not None or job is not None or not dataset_infos()
    with st.expander(say("Import data of your own"), expanded=opened, icon=":material/upload_file:"):
        if job is not None:
            _show_job(job)
        try:
            if draft is None:
                _choose_files(disabled)
            else:
                _show_draft(draft, disabled)
        except RecAttnError as error:
            show_error(error)


def _choose_files(disabled: bool) -> None:
    if refused := st.session_state.pop(_REFUSED, None):
        show_error(refused)
    names = list(offered())
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        source = _UPLOAD
        if names:
            source = st.segmented_control(
                say("Source"), [_UPLOAD, _FOLDERS], default=_UPLOAD, required=True, key="source", format_func=say
            )
        with st.popover(say("What must be in the files?"), type="tertiary", icon=":material/help:"):
            st.markdown(say(_LAYOUT))
            st.markdown(say(_OTHERS))
    if source == _FOLDERS:
        _choose_folders(names, disabled)
    else:
        _choose_uploads(disabled)


def _choose_uploads(disabled: bool) -> None:
    turn = st.session_state.setdefault(_ROUND, 0)
    sent: dict[str, list[UploadedFile]] = {}
    for split, column in zip(SPLITS, st.columns(3), strict=True):
        with column:
            sent[split] = st.file_uploader(
                say(_LABELS[split]),
                ["zip", "tsv"],
                accept_multiple_files=True,
                key=f"upload-{split}-{turn}",
                help=say(_HELP[split]),
                disabled=disabled,
            )
    if _asked(disabled or not sent["train"]) and sent["train"]:
        name = _suggested(sent["train"][0].name)
        check_may_act("import", name)
        st.session_state[_ROUND] = turn + 1  # fresh fields: the old ones would show files that are no longer here
        try:
            _take_uploads(sent, name)
        except RecAttnError as error:
            st.session_state[_REFUSED] = error.with_traceback(None)  # whose frames hold the files
        st.rerun()


def _asked(disabled: bool) -> bool:
    return st.button(say("Look at the data"), key="look", type="primary", icon=":material/preview:", disabled=disabled)


def _take_uploads(sent: Mapping[str, Sequence["UploadedFile"]], name: str) -> None:
    """Stage the files and look at them. What can't be imported isn't kept, and nothing stays in memory."""
    try:
        paths = stage(sent)
    finally:
        _release([file for files in sent.values() for file in files])
    try:
        st.session_state[_DRAFT] = Draft(paths, {}, _previewed(paths, {}), name)
    except RecAttnError:
        discard(paths["train"])
        raise


def _release(files: Sequence["UploadedFile"]) -> None:
    """Streamlit holds uploads in memory until the session ends; they are on disk now, or not wanted."""
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        for file in files:
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)


def _choose_folders(names: Sequence[str], disabled: bool) -> None:
    chosen: dict[str, str | None] = {}
    for split, column in zip(SPLITS, st.columns(3), strict=True):
        with column:
            chosen[split] = st.selectbox(
                say(_LABELS[split]), names, None, key=f"folder-{split}", help=say(_HELP[split]), disabled=disabled
            )
    if _asked(disabled or not chosen["train"]) and chosen["train"]:
        given = {split: name for split, name in chosen.items() if name}
        check_may_act("import", _suggested(given["train"]))
        paths = {split: offered_path(name) for split, name in given.items()}
        st.session_state[_DRAFT] = Draft(paths, given, _previewed(paths, given), _suggested(given["train"]))
        st.rerun()


def _previewed(paths: Mapping[str, Path], offered: Mapping[str, str]) -> Preview:
    """The preview; what it refuses is told of the data as people know it, not of a path of ours."""
    layout = layout_of(paths["train"])
    try:
        if layout is None or layout not in SOURCES:
            return preview_mind(paths)
        if len(paths) > 1:
            raise DataError(
                say("Evaluation data was given beside films, products or music."),
                say("Of these the last one of each person is kept aside for it."),
                say("Choose training data alone."),
            )
        return preview_source(layout, paths["train"])
    except DataError as error:
        raise DataError(
            *(_in_words(part, paths, offered) for part in (error.given, error.allowed, error.remedy))
        ) from error


def _in_words(text: str, paths: Mapping[str, Path], offered: Mapping[str, str]) -> str:
    for split, path in paths.items():
        text = text.replace(str(path), offered.get(split) or f"The {_LABELS[split].split(',')[0].lower()}")
    return text


def _suggested(source: str) -> str:
    """A name for the dataset, after the file or folder it comes from; only ever a suggestion.

    >>> _suggested("MINDsmall_train.zip"), _suggested("shared / bing-news / train"), _suggested("../?.zip")
    ('MINDsmall', 'bing-news', 'news')
    """
    parts = re.split(r"[/\\]", source.removesuffix(".zip"))
    named = [
        re.sub(r"[^A-Za-z0-9-]+", "-", re.sub(r"(?i)([_ -]*train|(news|behaviors)\.tsv)$", "", part.strip()))
        for part in parts
    ]
    fitting = [name.strip("-")[:40] for name in named if name.strip("-")]
    return fitting[-1] if fitting else "news"


def _show_draft(draft: Draft, disabled: bool) -> None:
    show_preview(draft.preview)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(say("Name of the dataset"), draft.name, max_chars=64, key="import-name", width=300).strip()
        begun = st.button(
            say("Import"), key="import", type="primary", icon=":material/download:", disabled=disabled or not name
        )
        given_up = st.button(say("Discard"), key="discard", type="tertiary", icon=":material/close:")
    replace = _is_taken(name) and st.checkbox(
        say("There is a dataset {name} already. Put the new data in its place.", name=plain(name)),
        key="replace",
        help=say("Models trained on the old data stay; they are shown as made on data that has changed."),
    )
    if given_up:
        draft.discard()
        del st.session_state[_DRAFT]
        st.rerun()
    if begun:
        _begin(draft, name, bool(replace))
        st.rerun()


def _is_taken(name: str) -> bool:
    return any(folder.name == name for folder in datasets_folder().glob("*"))


def _begin(draft: Draft, name: str, replace: bool) -> None:
    check_may_act("import", name)
    paths = {split: offered_path(one) for split, one in draft.offered.items()} or draft.paths
    if not all(path.exists() for path in paths.values()):
        raise DataError("The uploaded files are gone.", "They are kept for a day.", "Discard this, and upload again.")
    settings = {split: str(paths[split]) if split in paths else None for split in SPLITS}
    if draft.preview.format in SOURCES:
        settings = {"path": str(paths["train"])}
    st.session_state[_JOB] = start("import", name, {"format": draft.preview.format, **settings, "replace": replace})
    del st.session_state[_DRAFT]


def _last_job() -> Run | None:
    """The import that this visitor began last, while it is remembered."""
    begun = st.session_state.get(_JOB)
    return next((job for job in Registry().jobs() if job.run == begun), None) if begun else None


def _show_job(job: Run) -> None:
    """How the import went; while it goes on, it is drawn at the top of the page."""
    if job.state in BUSY:
        st.info(
            say("**{dataset}** is being imported, see above.", dataset=plain(job.dataset)),
            icon=":material/hourglass_top:",
        )
    elif job.state == "finished":
        st.success(
            say("**{dataset}** is imported. {message}", dataset=plain(job.dataset), message=plain(job.message)),
            icon=":material/check:",
        )
        with st.container(horizontal=True):
            report = {"dataset": job.dataset, "part": say("import report")} | (kept_language() or {})
            st.page_link(
                "pages/data.py", label=say("See the import report"), icon=":material/fact_check:", query_params=report
            )
    else:
        text = say(
            "**{dataset}** was not imported. {message}",
            dataset=plain(job.dataset),
            message=plain(shortened(without_home(job.message), 600)),
        )
        st.warning(text, icon=":material/warning:")
