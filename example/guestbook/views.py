import json
import os
import socket

from django.conf import settings
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from guestbook.forms import EntryForm
from guestbook.models import Entry
from guestbook.traffic import served

NEWEST = 50


@require_http_methods(["GET", "HEAD", "POST"])
def page(request):
    """Show the newest entries and a form, and save what is sent with it."""
    form = EntryForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect("page")
    context = {
        "title": settings.GUESTBOOK_TITLE,
        "form": form,
        "entries": Entry.objects.all()[:NEWEST],
        "host": socket.gethostname(),
    }
    return render(request, "guestbook/page.html", context)


@require_safe
def photo(request, entry_id):
    """Send an entry's photo from the object storage, which browsers cannot reach themselves."""
    entry = get_object_or_404(Entry, pk=entry_id)
    try:
        return FileResponse(entry.photo.open())
    except (FileNotFoundError, ValueError) as error:
        raise Http404("This entry has no photo.") from error


@require_safe
def whoami(request):
    """Say which process answers, and how many requests it has served, including this one."""
    answer = {"host": socket.gethostname(), "pid": os.getpid(), "requests": served.value}
    return HttpResponse(json.dumps(answer) + "\n", content_type="application/json")


@require_safe
def health(request):
    """Answer health checks: the balancer asks twice a second."""
    return HttpResponse("ok\n", content_type="text/plain")


def fail(request):
    """Fail on purpose, to see where errors go."""
    raise RuntimeError("This page fails on purpose.")
