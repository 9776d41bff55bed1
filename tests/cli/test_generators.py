import pytest

from rtbci.cli.generators import generator_process
from rtbci.errors import UsageError


def test_the_bundles_own_generator_is_the_default():
    assert generator_process(None, None) == ("rtbci.generate.worker",)


def test_a_folder_is_run_by_the_engine_that_was_asked_for(tmp_path):
    (tmp_path / "full_size.json").write_text("{}")
    module, *options = generator_process(tmp_path, "tensorrt")
    assert module == "rtbci.generate.worker"
    assert options == ["--full-size", str(tmp_path), "--engine", "tensorrt"]


def test_a_file_of_models_is_run_by_diffusers(tmp_path):
    models = tmp_path / "models.toml"
    models.write_text("")
    assert generator_process(models, "onnxruntime-cpu") == (
        "export.full_size.worker",
        "--models",
        str(models),
    )


@pytest.mark.parametrize(
    ("name", "engine", "says"),
    [
        ("nothing.toml", "onnxruntime-cpu", "There is no file"),
        ("nothing", "onnxruntime-cpu", "rtbci export full-size"),
        ("nothing", "cpu", "choose one of onnxruntime-cpu"),
    ],
)
def test_what_is_not_there_is_refused(tmp_path, name, engine, says):
    with pytest.raises(UsageError, match=says):
        generator_process(tmp_path / name, engine)
