# The app in a container: no root, data in the volume /data, nothing secret inside.
#   docker build -t recattn . && docker run --init -p 127.0.0.1:8501:8501 -v recattn-data:/data recattn
# With a reverse proxy before it: compose.yaml. How to run it well: docs/deployment.md.
FROM python:3.11.14-slim-bookworm

# torch without CUDA, which would bring gigabytes; for a GPU give the index of its build
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

ENV PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    RECATTN_HOME=/data \
    HF_HOME=/data/huggingface \
    HOME=/tmp

RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin recattn \
    && install --directory --owner=recattn --group=recattn --mode=0750 /data

WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir --index-url "$TORCH_INDEX" "torch>=2.13,<2.14" \
    && pip install --no-cache-dir -r requirements.txt

COPY .streamlit/config.toml .streamlit/
COPY app.py LICENSE ./
COPY pages pages
COPY sample_data sample_data
COPY recattn recattn

USER 10001:10001
VOLUME /data
EXPOSE 8501
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]

CMD ["python", "-m", "streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501"]
