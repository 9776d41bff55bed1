"""A laboratory's own decoder: trained, fitted and measured on the windows of any `training.source.Source`.

`training.lab.train.train_lab` does all of it into one folder, from which `export.lab_bundle` writes a bundle.
"""
