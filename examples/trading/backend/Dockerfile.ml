FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TZ=UTC \
    MPLCONFIGDIR=/tmp/matplotlib NUMBA_CACHE_DIR=/tmp/numba OMP_NUM_THREADS=1

RUN useradd --create-home --uid 1000 trading && install -d -o trading -g trading /data

WORKDIR /app
COPY . /app
RUN pip install --no-cache-dir -r requirements.txt

USER trading
EXPOSE 8000
ENTRYPOINT ["python", "-m"]
