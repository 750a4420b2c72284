"""What befalls a run from outside does its training no harm, and what was seen is diagnosed all the same."""

import copy
import io
import pickle
import shutil
import threading

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import neurologist as nl
from neurologist.watch import doors, modules, recorder, sample, steps


def start(seed=0):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, 3))
    return model, torch.optim.Adam(model.parameters(), lr=0.1)


def state(model, optimizer):
    moments = [value.tolist() for kept in optimizer.state.values() for value in kept.values()]
    return [p.tolist() for p in model.parameters()], moments, torch.get_rng_state().tolist()


def train(count=12, at=None, befalls=None, on=None):
    """Everything that training leaves behind; before step `at` something befalls it."""
    model, optimizer = on or start()
    for step in range(count):
        if step == at:
            befalls()
        optimizer.zero_grad()
        F.cross_entropy(model(torch.randn(5, 4)), torch.randint(3, (5,))).backward()
        optimizer.step()
    return state(model, optimizer)


# -- the record's file ----------------------------------------------------------------------------------------


def fill(session, path):
    session._store.connection.execute("PRAGMA max_page_count=1").fetchone()  # SQLite takes the present size for it


def remove(session, path):
    for file in path.parent.iterdir():
        file.unlink()


def remove_folder(session, path):
    shutil.rmtree(path.parent)


@pytest.mark.usefixtures("every_step")
@pytest.mark.parametrize("befalls", [fill, remove, remove_folder])
def test_a_record_whose_file_fails(tmp_path, befalls):
    plain = train(100)
    path = tmp_path / "records" / "run.nlr"
    path.parent.mkdir()
    with nl.watch(record=path) as session:
        assert train(100, 6, lambda: befalls(session, path)) == plain
    diagnosis = session.diagnose()
    summary = diagnosis.summary
    assert (summary.steps, summary.samples, len(summary.losses)) == (100, 100, 100)
    assert (summary.status, summary.record) == ("finished", None)
    assert diagnosis.waterfall is not None
    (missing,) = diagnosis.not_measured
    assert missing.what == f"the record {str(path)!r}"
    assert missing.why == session.lost


# -- signals --------------------------------------------------------------------------------------------------

INSIDE = [
    (doors.Forward, "prepare"),
    (doors.Forward, "restore"),
    (modules.ModuleCalls, "_enter"),
    (modules.ModuleCalls, "_leave"),
    (modules.ModuleCalls, "locate"),
    (sample, "walk"),
    (sample.Sample, "_observe"),
    (sample.Sample, "after_step"),
    (sample.Gather, "collect"),
    (recorder.Recorder, "loss"),
    (recorder.Recorder, "rates"),
    (recorder.Recorder, "_op"),
    (recorder.Recorder, "flush"),
    (steps.Steps, "_end_step"),
    (steps.Steps, "_decide"),
]


@pytest.mark.usefixtures("every_step")
@pytest.mark.parametrize(("owner", "name"), INSIDE, ids=lambda v: getattr(v, "__name__", v))
def test_ctrl_c_inside_a_sampled_step(monkeypatch, tmp_path, owner, name):
    plain, backward = train(), torch.autograd.backward
    original, calls = getattr(owner, name), []

    def once(*arguments, **options):
        if armed and not calls:
            calls.append(1)
            raise KeyboardInterrupt
        return original(*arguments, **options)

    armed = []
    monkeypatch.setattr(owner, name, once)
    with pytest.raises(KeyboardInterrupt), nl.watch(record=tmp_path / "run.nlr") as session:
        train(8, 5, lambda: armed.append(1))
    assert torch.autograd.backward is backward
    assert not torch.is_anomaly_enabled()
    diagnosis = session.diagnose()
    assert diagnosis.summary.status == "interrupted"
    assert diagnosis.summary.samples >= 4
    assert diagnosis.not_measured == ()
    assert train() == plain
    with nl.watch() as again:
        assert train() == plain
    assert again.samples == 12


# -- what the user's own code does ----------------------------------------------------------------------------


@pytest.mark.usefixtures("every_step")
@pytest.mark.parametrize("where", ["module", "tensor", "optimizer"])
def test_a_hook_of_the_user_that_raises(where):
    def run():
        model, optimizer = start()
        count = []

        def hook(*_):
            count.append(1)
            if len(count) % 3 == 0:
                raise LookupError("the hook's")

        if where == "module":
            model[1].register_forward_hook(hook)
        elif where == "tensor":
            model[0].weight.register_hook(hook)
        else:
            optimizer.register_step_pre_hook(hook)
        raised = 0
        for _ in range(10):
            try:
                train(1, on=(model, optimizer))
            except LookupError:
                raised += 1
        return raised, state(model, optimizer)

    plain = run()
    assert plain[0] == 3
    with nl.watch() as session:
        assert run() == plain
    diagnosis = session.diagnose()
    assert diagnosis.waterfall is not None
    assert diagnosis.not_measured == ()


COPIES = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "torch.save": lambda model: saved(model),
}


def saved(model):
    buffer = io.BytesIO()
    torch.save(model, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=False)


@pytest.mark.usefixtures("every_step")
@pytest.mark.parametrize("how", COPIES)
def test_copies_of_a_watched_model(how):
    """Made between forward and backward of a sampled step, where everything is installed."""

    def run():
        model, optimizer = start()
        train(3, on=(model, optimizer))
        loss = F.cross_entropy(model(torch.randn(5, 4)), torch.randint(3, (5,)))
        twin = COPIES[how](model)
        loss.backward()
        again = torch.optim.Adam(COPIES[how](twin).parameters(), lr=0.1)
        optimizer.step()
        train(3, on=(model, optimizer))
        return state(model, optimizer), state(twin, again), train(3, on=(twin, torch.optim.Adam(twin.parameters())))

    plain = run()
    with nl.watch() as session:
        assert run() == plain
    assert session.diagnose().not_measured == ()


@pytest.mark.parametrize("workers", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*fork")
def test_loader_workers(workers, tmp_path):
    def run(workers):
        torch.manual_seed(0)
        rows = TensorDataset(torch.randn(40, 4), torch.randint(3, (40,)))
        model, optimizer = start()
        for x, y in DataLoader(rows, batch_size=8, shuffle=True, num_workers=1, multiprocessing_context=workers):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        return state(model, optimizer)

    plain = run("fork")
    with nl.watch(record=tmp_path / "run.nlr", budget=1.0) as session:
        assert run(workers) == plain
    diagnosis = session.diagnose()
    assert (diagnosis.summary.steps, diagnosis.not_measured) == (5, ())


# -- threads --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("every_step")
def test_watching_inside_a_thread(tmp_path):
    plain, found = train(), []

    def work():
        with nl.watch(record=tmp_path / "run.nlr") as session:
            found.append(train())
        found.append(session.diagnose())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found[0] == plain
    assert (found[1].summary.samples, found[1].not_measured) == (12, ())


@pytest.mark.usefixtures("every_step")
def test_two_threads_with_a_session_each(tmp_path):
    """Either sees what passes by, of the other's training too where it has the time; neither is changed by that."""

    def learn():
        generator = torch.Generator().manual_seed(0)
        weight = torch.zeros(4, 3, requires_grad=True)
        optimizer = torch.optim.Adam([weight], lr=0.1)
        for _ in range(60):
            optimizer.zero_grad()
            F.cross_entropy(torch.randn(5, 4, generator=generator) @ weight, torch.arange(5) % 3).backward()
            optimizer.step()
        return weight.tolist()

    plain, found = learn(), {}

    def work(name):
        with nl.watch(record=tmp_path / name) as session:
            found[name] = learn(), session
        found[name] = (*found[name], session.diagnose())

    threads = [threading.Thread(target=work, args=(name,)) for name in ("one.nlr", "two.nlr")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for weights, _, diagnosis in found.values():
        assert weights == plain
        assert diagnosis.summary.status == "finished"
        assert diagnosis.summary.steps > 0


def test_sessions_that_overlap_in_any_order_leave_compiled_code_as_it_was():
    """One of two threads may begin a sample first and end it first: what it found is not what it may put back."""
    from torch._dynamo import eval_frame

    found = eval_frame._stance
    one, two = doors.Forward(), doors.Forward()
    one.prepare()
    two.prepare()
    one.restore()
    assert eval_frame._stance.stance == "force_eager"  # the other still looks
    two.restore()
    assert eval_frame._stance == found


def test_a_session_that_ends_waits_for_another_threads_step(tmp_path):
    """Its record is closed only when the step that is looked at in another thread stands in it."""
    entered, leave = threading.Event(), threading.Event()

    def slow(step):
        entered.set()
        leave.wait(30)
        seen.append(session._store.connection.execute("SELECT count(*) FROM sample").fetchone()[0])

    def learn():
        weight = torch.zeros(3, requires_grad=True)
        optimizer = torch.optim.SGD([weight], lr=0.1)
        (weight - 1).square().sum().backward()
        optimizer.step()

    seen, session = [], nl.watch(record=tmp_path / "run.nlr")
    session._recorder.listeners.append(slow)
    with session:
        other = threading.Thread(target=learn)
        other.start()
        assert entered.wait(30)
        threading.Timer(0.3, leave.set).start()
    other.join()
    assert seen == [1]
    assert session.diagnose().not_measured == ()
