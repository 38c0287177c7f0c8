# The app as a container, for Azure Functions on Azure Container Apps or wherever containers run.
# The first stage runs the script of `make package`; the second is Microsoft's host with the Python
# worker, and the app in it.
#   docker build -t catalogue-image-search .
#   docker build --build-arg MODEL=models/clip-vit-base-patch32-int8 -t catalogue-image-search .
#   docker build --build-arg ONNXRUNTIME=onnxruntime-gpu -t catalogue-image-search:cuda .   (docs/deploy.md)
ARG PYTHON=3.11

FROM python:${PYTHON}-slim-bookworm AS package
ARG PYTHON
ARG MODEL=models/starter
ARG ONNXRUNTIME=onnxruntime
WORKDIR /source
COPY requirements-dev.txt ./
# uv and pathspec, at the versions that are pinned for everybody
RUN grep -E '^(uv|pathspec)==' requirements-dev.txt > tools.txt \
    && pip install --no-cache-dir --disable-pip-version-check -r tools.txt
COPY . .
RUN python -m infra.package --folder /app --python "${PYTHON}" --model "${MODEL}" --onnxruntime "${ONNXRUNTIME}"

FROM mcr.microsoft.com/azure-functions/python:4-python${PYTHON}
ARG MODEL=models/starter
# The host writes below /home and /tmp; by default it binds port 80, as root. Outside Azure the worker does not
# look for packages below the app (its worker.py), and would find no functions at all: hence PYTHONPATH.
ENV AzureWebJobsScriptRoot=/home/site/wwwroot \
    PYTHONPATH=/home/site/wwwroot/.python_packages/lib/site-packages \
    AzureFunctionsJobHost__Logging__Console__IsEnabled=true \
    ASPNETCORE_URLS=http://+:8080 \
    LOCAL_DIR=/tmp/local \
    MODEL_DIR=${MODEL}
COPY --from=package --chown=1000:1000 /app /home/site/wwwroot
RUN mkdir -p /azure-functions-host/Secrets /home/data && chown -R 1000:1000 /azure-functions-host/Secrets /home/data
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/api/v1/health', timeout=4)"]
