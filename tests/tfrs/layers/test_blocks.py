"""TensorFlow Recommenders' MLP, in its argument order."""

from shortlist.tfrs.layers.blocks import MLP


def test_arguments_come_in_that_order() -> None:
    layer = MLP([8, 2], False, "tanh", "sigmoid")
    config = layer.get_config()
    assert [config[name] for name in ("units", "use_bias", "activation", "final_activation")] == [
        [8, 2],
        False,
        "tanh",
        "sigmoid",
    ]
