# The image of web server, worker and beat. PostgreSQL and Redis are servers of their own: DATABASE_URL, REDIS_URL.

FROM python:3.12-slim AS build
WORKDIR /build
COPY requirements.txt constraints.txt ./
RUN python -m venv /venv \
    && /venv/bin/python -m pip install --no-cache-dir --only-binary=:all: -r requirements.txt

FROM python:3.12-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0
RUN useradd --system --uid 10001 --home-dir /app --no-create-home pallet
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
# Where a key is kept that is made when SECRET_KEY is not set.
RUN install --directory --owner=10001 --mode=700 .data
USER 10001
EXPOSE 8000
# Static files are served from where they lie; there is no step that collects them.
HEALTHCHECK --interval=10s --timeout=10s --start-period=30s CMD ["python", "-m", "config.healthcheck"]
CMD ["python", "-m", "gunicorn", "--config", "config/gunicorn.py", "config.wsgi"]
