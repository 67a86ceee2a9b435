"""Tests of the guestbook, on a real database and a real object storage."""

import logging
import socket
from html.parser import HTMLParser
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import TestCase, override_settings
from django.test.utils import CaptureQueriesContext

from guestbook.models import Entry
from guestbook.photos import is_photo

# The smallest GIF there is: one transparent pixel.
PIXEL = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00"
    b",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)


def setUpModule():
    """Keep the log of the requests made here out of the tests' own output."""
    logging.getLogger().handlers[0].setLevel(logging.CRITICAL + 1)


class Page(HTMLParser):
    """What the tests want to know of a page."""

    def __init__(self, html):
        super().__init__()
        self.language = None
        self.headings = []
        self.labelled = set()
        self.fields = set()
        self.images = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "html":
            self.language = attributes.get("lang")
        elif tag in {"h1", "h2", "h3"}:
            self.headings.append(tag)
        elif tag == "label":
            self.labelled.add(attributes["for"])
        elif tag in {"input", "textarea"} and attributes.get("type") != "hidden":
            self.fields.add(attributes["id"])
        elif tag == "img":
            self.images.append(attributes)


class EntryTests(TestCase):
    def test_an_entry_reads_as_its_name_and_text(self):
        self.assertEqual(str(Entry(name="Ada", text="hello")), "Ada: hello")

    def test_what_a_user_writes_is_saved_and_listed(self):
        answer = self.client.post("/", {"name": "Ada", "text": "hello"}, follow=True)
        self.assertEqual(answer.redirect_chain, [("/", 302)])
        self.assertEqual([str(entry) for entry in Entry.objects.all()], ["Ada: hello"])
        self.assertContains(answer, "<h3>Ada</h3>", html=True)
        self.assertContains(answer, "<p>hello</p>", html=True)

    def test_the_newest_entry_comes_first(self):
        for name in ["Ada", "Grace"]:
            Entry.objects.create(name=name, text="hello")
        html = self.client.get("/").content.decode()
        # By their headings: in a form's secret token there can be three letters of any name.
        self.assertLess(html.index("<h3>Grace</h3>"), html.index("<h3>Ada</h3>"))

    def test_an_entry_without_a_text_is_refused_and_said_so(self):
        answer = self.client.post("/", {"name": "Ada", "text": ""})
        self.assertContains(answer, "This field is required.")
        self.assertFalse(Entry.objects.exists())

    def test_what_a_user_writes_is_shown_as_text_and_never_as_html(self):
        Entry.objects.create(name="<b>Eve</b>", text="<script>alert(1)</script>")
        answer = self.client.get("/")
        self.assertNotContains(answer, "<script>")
        self.assertNotContains(answer, "<b>Eve")

    def test_migrations_of_several_containers_take_turns(self):
        with CaptureQueriesContext(connection) as queries:
            call_command("migrate", verbosity=0)
        self.assertIn("pg_advisory_lock", queries[0]["sql"])
        self.assertIn("pg_advisory_unlock", queries[-1]["sql"])


class PhotoTests(TestCase):
    def test_a_photo_goes_to_the_object_storage_and_comes_back(self):
        name = f"{uuid4()}.gif"
        upload = SimpleUploadedFile(name, PIXEL, content_type="image/gif")
        self.client.post("/", {"name": "Ada", "text": "hello", "photo": upload})
        entry = Entry.objects.get()
        self.addCleanup(default_storage.delete, entry.photo.name)

        self.assertEqual(entry.photo.name, f"photos/{name}")
        with default_storage.open(entry.photo.name) as stored:
            self.assertEqual(stored.read(), PIXEL)

        answer = self.client.get(f"/photo/{entry.pk}/")
        self.assertEqual(answer["Content-Type"], "image/gif")
        self.assertEqual(answer.getvalue(), PIXEL)

        images = Page(self.client.get("/").content.decode()).images
        self.assertEqual([image["src"] for image in images], [f"/photo/{entry.pk}/"])
        self.assertEqual([image["alt"] for image in images], ["Photo by Ada"])

    def test_two_files_of_one_name_are_both_kept(self):
        name = f"tests/{uuid4()}.txt"
        names = [default_storage.save(name, ContentFile(text)) for text in [b"one", b"two"]]
        for saved in names:
            self.addCleanup(default_storage.delete, saved)
        contents = []
        for saved in names:
            with default_storage.open(saved) as stored:
                contents.append(stored.read())
        self.assertEqual(contents, [b"one", b"two"])

    def test_a_file_without_the_name_of_a_photo_is_refused(self):
        upload = SimpleUploadedFile("page.svg", PIXEL, content_type="image/svg+xml")
        answer = self.client.post("/", {"name": "Eve", "text": "hello", "photo": upload})
        self.assertContains(answer, "is not allowed")
        self.assertFalse(Entry.objects.exists())

    def test_a_file_that_only_has_the_name_of_a_photo_is_refused(self):
        upload = SimpleUploadedFile("cat.gif", b"<script>alert(1)</script>", "image/gif")
        answer = self.client.post("/", {"name": "Eve", "text": "hello", "photo": upload})
        self.assertContains(answer, "This file is not a GIF, JPEG, PNG or WebP image.")
        self.assertFalse(Entry.objects.exists())

    def test_each_kind_of_photo_is_known_by_how_it_begins(self):
        beginnings = [
            b"GIF89a",
            b"\xff\xd8\xff\xe0",
            b"\x89PNG\r\n\x1a\n",
            b"RIFF\n\x00\x00\x00WEBP",
        ]
        for beginning in beginnings:
            self.assertTrue(is_photo(ContentFile(beginning + b" and so on")))
        self.assertFalse(is_photo(ContentFile(b"")))

    def test_an_entry_without_a_photo_has_none_to_send(self):
        entry = Entry.objects.create(name="Ada", text="hello")
        self.assertEqual(self.client.get(f"/photo/{entry.pk}/").status_code, 404)

    def test_a_photo_lost_from_the_storage_is_not_found(self):
        entry = Entry.objects.create(name="Ada", text="hello", photo=f"photos/{uuid4()}.gif")
        self.assertEqual(self.client.get(f"/photo/{entry.pk}/").status_code, 404)


class ServingTests(TestCase):
    def test_whoami_says_which_process_has_served_how_many_requests(self):
        first, second = (self.client.get("/whoami").json() for _ in range(2))
        self.assertEqual(first["host"], socket.gethostname())
        self.assertEqual(second["pid"], first["pid"])
        self.assertEqual(second["requests"], first["requests"] + 1)

    def test_health_checks_are_neither_counted_nor_logged(self):
        before = self.client.get("/whoami").json()["requests"]
        with self.assertNoLogs("guestbook"):
            self.assertEqual(self.client.get("/health").content, b"ok\n")
        self.assertEqual(self.client.get("/whoami").json()["requests"], before + 1)

    def test_health_asks_nothing_of_the_database(self):
        with self.assertNumQueries(0):
            self.client.get("/health")

    def test_each_request_is_logged(self):
        with self.assertLogs("guestbook") as log:
            self.client.get("/whoami?again")
        self.assertEqual(log.records[0].getMessage(), "GET /whoami?again 200")

    def test_the_page_that_fails_does(self):
        with self.assertRaisesMessage(RuntimeError, "on purpose"):
            self.client.get("/fail")

    def test_a_failure_is_answered_with_500_and_logged_with_its_traceback(self):
        self.client.raise_request_exception = False
        with self.assertLogs("django.request", logging.ERROR) as log:
            self.assertEqual(self.client.get("/fail").status_code, 500)
        self.assertIn("RuntimeError: This page fails on purpose.", log.output[0])

    def test_users_of_a_deployed_site_see_that_it_failed_and_not_why(self):
        self.client.raise_request_exception = False
        with self.assertLogs("django.request", logging.ERROR):
            answer = self.client.get("/fail")
        self.assertContains(answer, "Something went wrong", status_code=500)
        self.assertNotContains(answer, "purpose", status_code=500)


@override_settings(GUESTBOOK_TITLE="Our guests")
class PageTests(TestCase):
    def test_the_page_says_its_title_and_which_container_served_it(self):
        answer = self.client.get("/")
        self.assertContains(answer, "<h1>Our guests</h1>", html=True)
        self.assertContains(answer, f"Served by <code>{socket.gethostname()}</code>")

    def test_every_field_has_a_label_and_the_page_a_language_and_one_main_heading(self):
        Entry.objects.create(name="Ada", text="hello")
        page = Page(self.client.get("/").content.decode())
        self.assertEqual(page.fields, {"id_name", "id_text", "id_photo"})
        self.assertEqual(page.labelled, page.fields)
        self.assertEqual(page.language, "en-GB")
        self.assertEqual(page.headings, ["h1", "h2", "h2", "h3"])

    def test_the_page_asks_nothing_of_other_hosts(self):
        self.assertNotContains(self.client.get("/"), "://")
