"""Multipart bodies read in place, compared with what werkzeug's own parser makes of them."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import FileStorage
from werkzeug.formparser import FormDataParser
from werkzeug.test import EnvironBuilder

from functions.http.multipart import MAX_PARTS, Part, is_multipart, parse_multipart
from shared_code.domain.errors import Malformed

TYPE = "multipart/form-data; boundary=B"


def read_with_werkzeug(body, content_type):
    mime, _, boundary = content_type.partition("; boundary=")
    stream = io.BytesIO(body)
    parser = FormDataParser(lambda **_: io.BytesIO(), max_form_parts=None)
    _, fields, files = parser.parse(stream, mime, len(body), {"boundary": boundary})
    uploads = [(file.name, file.filename, file.read()) for file in files.values()]
    return sorted(fields.items(multi=True)), sorted(uploads)


def read_with_ours(body, content_type):
    parts = list(parse_multipart(body, content_type))
    fields = [(part.name, part.text) for part in parts if part.filename is None]
    files = [(p.name, p.filename, bytes(p.content)) for p in parts if p.filename is not None]
    return sorted(fields), sorted(files)


names = st.text(
    st.characters(codec="utf-8", exclude_characters='\r\n\0"\\'), min_size=1, max_size=20
)
"""The client of the test does not escape what has to be escaped within quotes."""


@settings(max_examples=200, deadline=None)
@given(
    fields=st.dictionaries(names, st.text(st.characters(codec="utf-8")), max_size=3),
    files=st.dictionaries(names, st.tuples(names, st.binary(max_size=300)), max_size=3),
)
def test_whatever_a_client_writes_is_read_as_werkzeug_reads_it(fields, files):
    uploads = {
        name: FileStorage(io.BytesIO(content), filename, name)
        for name, (filename, content) in files.items()
    }
    builder = EnvironBuilder(method="POST", data={})
    builder.form.update(fields)
    for name, upload in uploads.items():
        builder.files.add_file(name, upload)
    builder.content_type = "multipart/form-data"
    environ = builder.get_environ()
    with environ["wsgi.input"] as stream:
        body = stream.read()
    content_type = environ["CONTENT_TYPE"].replace('"', "")
    assert read_with_ours(body, content_type) == read_with_werkzeug(body, content_type)


@pytest.mark.parametrize(
    "body",
    [
        b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--B--\r\n',
        b'--B\nContent-Disposition: form-data; name="a"\n\n1\n--B--\n',
        b'preamble\r\n--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--B--epilogue',
        b"--B  \r\ncontent-disposition: Form-Data; name=a\r\n\r\n1\r\n--B--",
        b"--B\r\nX: y\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\n1\r\n--B--",
    ],
    ids=["usual", "line feeds", "preamble and epilogue", "padding", "folded header"],
)
def test_forms_that_clients_send(body):
    [part] = parse_multipart(body, TYPE)
    assert (part.name, part.filename, part.text) == ("a", None, "1")


def test_a_line_that_only_begins_like_the_boundary_is_content():
    content = b"x\r\n--Boundary\r\n--B-\r\n --B\r\nB--B"
    head = b'--B\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'
    [part] = parse_multipart(head + content + b"\r\n--B--", TYPE)
    assert bytes(part.content) == content


def test_a_file_is_a_view_of_the_body():
    head = b'--B\r\nContent-Disposition: form-data; name="f"; filename="a.jpg"\r\n\r\n'
    body = head + b"picture" * 1000 + b"\r\n--B--"
    [part] = parse_multipart(body, TYPE)
    assert part.content.obj is body
    assert len(part.content) == 7000


def test_names_of_files_are_read_in_every_way_that_clients_write_them():
    line = "Content-Disposition: form-data; name=f; filename*=UTF-8''robe%20d%27%C3%A9t%C3%A9.jpg"
    [part] = parse_multipart(f"--B\r\n{line}\r\n\r\n1\r\n--B--".encode(), TYPE)
    assert part.filename == "robe d'été.jpg"
    line = 'Content-Disposition: form-data; name="f"; filename="robe d\'été.jpg"'
    [part] = parse_multipart(f"--B\r\n{line}\r\n\r\n1\r\n--B--".encode(), TYPE)
    assert part.filename == "robe d'été.jpg"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "cut short"),
        (b"nothing of the kind", "cut short"),
        (b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1', "cut short"),
        (b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--B', "cut short"),
        (b"--B\r\n\r\n1\r\n--B--", "Content-Disposition"),
        (b"--B\r\nContent-Disposition: attachment\r\n\r\n1\r\n--B--", "Content-Disposition"),
        (b"--B\r\nno end of the headers\r\n--B--", "headers"),
        (b"--B\r\nx: " + b"y" * 20_000 + b"\r\n\r\n1\r\n--B--", "headers"),
    ],
)
def test_a_body_that_is_not_whole_is_refused(body, message):
    with pytest.raises(Malformed, match=message):
        list(parse_multipart(body, TYPE))


def test_endless_parts_are_refused():
    part = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    assert len(list(parse_multipart(part * MAX_PARTS + b"--B--", TYPE))) == MAX_PARTS
    with pytest.raises(Malformed, match="parts"):
        list(parse_multipart(part * (MAX_PARTS + 1) + b"--B--", TYPE))


def test_a_content_type_without_a_boundary_is_refused():
    assert is_multipart("Multipart/Form-Data; boundary=B")
    assert not is_multipart("application/json")
    with pytest.raises(Malformed, match="boundary"):
        list(parse_multipart(b"--B--", "multipart/form-data"))


def test_a_field_may_name_its_charset():
    assert Part("a", None, memoryview(b"\xe9"), "iso-8859-1").text == "é"
    head = b'--B\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset='
    for charset, text in ((b"ISO-8859-1", "é"), (b"utf-16", "\ufffd")):
        [part] = parse_multipart(head + charset + b"\r\n\r\n\xe9\r\n--B--", TYPE)
        assert part.text == text
