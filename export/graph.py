"""What is common to all exported graphs."""

import onnx


def without_traces(model: onnx.ModelProto) -> onnx.ModelProto:
    """Drop what the exporter notes of itself: stack traces name folders of the machine that exported.

    Returns
    -------
    onnx.ModelProto
        A copy; the graph computes the same.
    """
    out = onnx.ModelProto()
    out.CopyFrom(model)
    out.ClearField("metadata_props")
    out.graph.ClearField("metadata_props")
    for part in (*out.graph.node, *out.graph.value_info, *out.graph.input, *out.graph.output):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    for weight in out.graph.initializer:
        weight.ClearField("metadata_props")
        weight.ClearField("doc_string")
    for function in out.functions:
        function.ClearField("metadata_props")
        for node in function.node:
            node.ClearField("metadata_props")
            node.ClearField("doc_string")
    return out
