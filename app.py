"""What is this, and where do I start?"""

from recattn.ui.shell import open_page
from recattn.ui.welcome import show_welcome

with open_page("home") as page:
    show_welcome(page)
