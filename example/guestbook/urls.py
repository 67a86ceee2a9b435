from django.urls import path

from guestbook import views

urlpatterns = [
    path("", views.page, name="page"),
    path("photo/<int:entry_id>/", views.photo, name="photo"),
    path("whoami", views.whoami, name="whoami"),
    path("health", views.health, name="health"),
    path("fail", views.fail, name="fail"),
]
